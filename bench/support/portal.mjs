// The portal under test: the release build, its embedded identity provider and event log, a data directory of its own.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { login } from "./login.mjs";
import { SERVER_CORE, ready, start, stop } from "./process.mjs";
import { AUDIENCE, EVENT, HANGING_UPSTREAM, TOPIC, writeRemotes } from "./remotes.mjs";

export const PORT = 4300;
const ADMIN_PORT = 4301;
const ORIGIN = `http://127.0.0.1:${PORT}`;
/** Limits are raised by configuration and stay in place: what they cost is measured too. */
const MANY = 4_000_000_000;
const LOGINS_AT_ONCE = 20;

/** Starts a portal with twenty remotes, the first of which calls `upstream`; with `brokers`, on that Kafka. */
export async function startPortal(upstream = "http://127.0.0.1:4310", brokers = []) {
  const directory = mkdtempSync(join(tmpdir(), "portico-bench-"));
  writeRemotes(join(directory, "remotes"), upstream);
  const config = join(directory, "portico.toml");
  writeFileSync(config, configuration(directory, upstream, brokers));
  const log = join(directory, "portal.log");
  const launch = async () => {
    const child = start(SERVER_CORE, ["target/release/portico"], { log, env: { PORTICO_CONFIG: config } });
    try {
      await ready(`${ORIGIN}/readyz`, { child, log, pause: 1 });
    } catch (error) {
      await stop(child);
      throw error;
    }
    return child;
  };
  let child = await launch();
  return {
    get child() {
      return child;
    },
    origin: ORIGIN,
    /** Starts it again, with the data that it had, after it has ended in whatever way. */
    launch: async () => {
      child = await launch();
    },
    /** Ends it and starts it again, with the data that it had. */
    restart: async () => {
      await stop(child);
      child = await launch();
    },
    /** The cookie header of a session. */
    login: () => login(ORIGIN, "alice"),
    /** Those of so many sessions of one person, since an event goes to whom it is for. */
    logins: async (count) => {
      const cookies = [];
      while (cookies.length < count) {
        const batch = Array.from({ length: Math.min(LOGINS_AT_ONCE, count - cookies.length) }, () => login(ORIGIN, "alice"));
        cookies.push(...(await Promise.all(batch)));
      }
      return cookies;
    },
    stop: async () => {
      await stop(child);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function configuration(directory, upstream, brokers) {
  return `
data_dir = ${JSON.stringify(join(directory, "data"))}
listen.addr = "127.0.0.1:${PORT}"
listen.admin_addr = "127.0.0.1:${ADMIN_PORT}"
gateway.upstream_networks = ["127.0.0.0/8"]
gateway.quota.bytes_per_minute = ${MANY * 1000}
gateway.quota.concurrent = 10000
gateway.quota.concurrent_per_session = 10000
gateway.quota.answer_bytes = 8589934592
session.max_streams = 20000
events.brokers = ${JSON.stringify(brokers)}
events.create_topics = true
events.publish_per_minute = ${MANY}
events.remote_publish_per_minute = ${MANY}
registry.directories = [${JSON.stringify(join(directory, "remotes"))}]

[limits]
anonymous_per_minute = ${MANY}
session_per_minute = ${MANY}
organization_per_minute = ${MANY}
remote_per_minute = ${MANY}

[registry.grants."@bench/*"]
backend_origins = ${JSON.stringify([upstream, HANGING_UPSTREAM])}
audiences = ["${AUDIENCE}"]
scopes = ["todos.read"]
topics = ["${TOPIC}"]
publish = ["${EVENT}"]
subscribe = ["${EVENT}"]
`;
}
