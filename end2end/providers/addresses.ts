import { PORTAL, origin } from "../portal/addresses.ts";

/** The ports of this run begin here, apart from those of the other browser tests. */
const FIRST = PORTAL.port + 20;

/** A provider, the portal in front of it, and the one example service behind that portal. */
export interface Place {
  providerPort: number;
  issuer: string;
  portal: { port: number; adminPort: number };
  url: string;
  servicePort: number;
}

export const KEYCLOAK = place(FIRST, "/realms/portico");
export const OIDC_PROVIDER = place(FIRST + 10, "");

function place(first: number, path: string): Place {
  const portal = { port: first + 1, adminPort: first + 2 };
  return { providerPort: first, issuer: origin(first) + path, portal, url: origin(portal.port), servicePort: first + 3 };
}
