import { PORTAL, origin } from "../portal/addresses.ts";

/** The ports of this run begin here, apart from those of the other browser tests. */
const FIRST = PORTAL.port + 20;

/** A provider, the two instances of the portal in front of it, and what these share. */
export interface Place {
  providerPort: number;
  issuer: string;
  /** Where people find the portal: the load balancer. */
  url: string;
  balancerPort: number;
  instances: { port: number; adminPort: number }[];
  /** The example service that verifies this provider's tokens. */
  todosPort: number;
  databasePort: number;
  redisPort: number;
}

export const KEYCLOAK = place(FIRST, "/realms/portico");
export const OIDC_PROVIDER = place(FIRST + 10, "");
/** One Kafka for all, whose controller takes the next port. */
export const KAFKA_PORT = FIRST + 20;
/** The example service that answers events: whoever published them, so there is one for all. */
export const ECHO_PORT = FIRST + 22;
/** The key by which its events are signed. */
export const ECHO_KEY = { id: "echo-1", secret: Buffer.alloc(32, 7).toString("base64") };

function place(first: number, path: string): Place {
  return {
    providerPort: first,
    issuer: origin(first) + path,
    url: origin(first + 1),
    balancerPort: first + 1,
    instances: [
      { port: first + 2, adminPort: first + 3 },
      { port: first + 4, adminPort: first + 5 },
    ],
    todosPort: first + 6,
    databasePort: first + 7,
    redisPort: first + 8,
  };
}
