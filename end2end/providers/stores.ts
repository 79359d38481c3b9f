import { createConnection } from "node:net";
import { join } from "node:path";
import { origin } from "../portal/addresses.ts";
import { ECHO_KEY, ECHO_PORT, KAFKA_PORT, type Place } from "./addresses.ts";
import { answersHttp, listens, startProgram } from "./program.ts";

/** PostgreSQL's request for TLS: any answer, `N` included, is one of a server that has come up. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** PostgreSQL for one place, its files below `directory`; the function returned ends it. */
export function startPostgres(name: string, { databasePort: port }: Place, directory: string): Promise<() => Promise<void>> {
  const command: [string, ...string[]] = ["scripts/postgres", "run", String(port), join(directory, "postgres")];
  // SIGINT is its fast shutdown; after SIGTERM it waits for its clients.
  return startProgram({ name: `postgres-of-${name}`, command, ready: () => acceptsClients(port), signal: "SIGINT" });
}

/** Redis for one place. */
export function startRedis(name: string, { redisPort: port }: Place, directory: string): Promise<() => Promise<void>> {
  return startProgram({ name: `redis-of-${name}`, command: ["scripts/redis", "run", String(port), join(directory, "redis")], ready: () => listens(port) });
}

/** Apache Kafka for every place: a person at one provider is another person than anyone at the other. */
export function startKafka(directory: string): Promise<() => Promise<void>> {
  return startProgram({ name: "kafka", command: ["scripts/kafka", "run", String(KAFKA_PORT), join(directory, "kafka")], ready: () => listens(KAFKA_PORT) });
}

/** The example service that answers `echo.request` with `echo.reply`. */
export function startEcho(): Promise<() => Promise<void>> {
  const environment = {
    PORT: String(ECHO_PORT),
    KAFKA_BROKERS: `127.0.0.1:${KAFKA_PORT}`,
    PORTICO_SIGNING_KEY: `${ECHO_KEY.id}:${ECHO_KEY.secret}`,
  };
  const ready = () => answersHttp(`${origin(ECHO_PORT)}/healthz`);
  return startProgram({ name: "echo", command: ["node", "remotes/echo/service/main.mjs"], environment, ready });
}

function acceptsClients(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: "127.0.0.1", port }, () => socket.write(SSL_REQUEST));
    socket.once("data", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(false));
  });
}
