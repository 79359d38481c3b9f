import { randomBytes } from "node:crypto";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { origin } from "../portal/addresses.ts";
import { ROOT, startPortal } from "../portal/portal.ts";
import { ECHO_KEY, ECHO_PORT, KAFKA_PORT, type Place } from "./addresses.ts";
import { startBalancer } from "./balancer.ts";

/** The remotes that these tests open, with the port their manifests name: one calls its service, one has live updates. */
const REMOTES = { todos: 4010, echo: 4014 } as const;
type Remote = keyof typeof REMOTES;

/** What differs from one provider's portal to another's. */
export interface PortalOf {
  /** Its `[[identity.providers]]` in TOML, without `issuer`. */
  provider: string;
  /** Whether Redis has the sessions; PostgreSQL has them otherwise. */
  redis: boolean;
}

/**
 * Starts two instances of a portal in front of a provider, and a load balancer in front of both. They share database,
 * Kafka and keys, and nothing else: each has a data directory of its own. The function returned ends them.
 */
export async function startPortalOf(name: string, place: Place, { provider, redis }: PortalOf, directory: string): Promise<() => Promise<void>> {
  const keys = await sharedKeys(directory);
  const file = join(directory, "portico.toml");
  await writeFile(file, configuration(place, provider, keys));
  const started: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const end of started.reverse()) await end();
  };
  try {
    for (const [index, ports] of place.instances.entries()) {
      const remotes = join(directory, `remotes-${index}`);
      await copyRemote("todos", place.todosPort, remotes);
      await copyRemote("echo", ECHO_PORT, remotes);
      const isFirst = index === 0;
      const portal = await startPortal({
        name: `portico-at-${name}-${index}`,
        ...ports,
        services: isFirst ? [place.todosPort] : [],
        environment: {
          PORTICO_CONFIG: file,
          PORTICO_DATABASE_URL: `postgres://postgres@127.0.0.1:${place.databasePort}/postgres`,
          ...(redis ? { PORTICO_REDIS_URL: `redis://127.0.0.1:${place.redisPort}` } : {}),
          PORTICO_REGISTRY__DIRECTORIES: JSON.stringify([remotes]),
          PORTICO_FIXTURES: "0",
          // The service runs once, beside the first.
          ...(isFirst ? {} : { PORTICO_DEVELOPMENT__SERVICES: "[]" }),
        },
      });
      started.push(() => portal.stop());
    }
    started.push(await startBalancer(place.balancerPort, place.instances.map(({ port }) => port)));
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

/** Files with the keys that instances have to share: for sessions, for ids of events, for events, and the echo service's. */
interface Keys {
  session: string;
  ids: string;
  events: string;
  echo: string;
}

async function sharedKeys(directory: string): Promise<Keys> {
  const file = async (name: string, key = randomBytes(32).toString("base64")) => {
    await writeFile(join(directory, name), key, { mode: 0o600 });
    return join(directory, name);
  };
  return {
    session: await file("session-key"),
    ids: await file("ids-key"),
    events: await file("events-key"),
    echo: await file("echo-key", ECHO_KEY.secret),
  };
}

/** A built remote whose service is on another port than in the checkout, so that both can run. */
async function copyRemote(remote: Remote, servicePort: number, to: string): Promise<void> {
  const dist = join(to, remote, "dist");
  await mkdir(dist, { recursive: true });
  await cp(join(ROOT, "remotes", remote, "dist"), dist, { recursive: true, filter: (source) => !/^remote\.development-/.test(basename(source)) });
  const manifest = join(dist, "remote.json");
  await writeFile(manifest, (await readFile(manifest, "utf8")).replaceAll(`127.0.0.1:${REMOTES[remote]}`, `127.0.0.1:${servicePort}`));
}

function configuration({ issuer, url, todosPort }: Place, provider: string, keys: Keys): string {
  const grant = (remote: Remote, port: number, scopes: string, more = "") => `
[registry.grants."@portico/${remote}"]
backend_origins = ["${origin(port)}"]
audiences = ["https://api.portico.example/${remote}"]
scopes = ${scopes}
${more}`;
  return `
public_url = "${url}"

[listen]
trusted_proxies = ["127.0.0.0/8"]

[session]
key_files = ["${keys.session}"]

[events]
brokers = ["127.0.0.1:${KAFKA_PORT}"]
create_topics = true
id_key_file = "${keys.ids}"
signing_keys = [{ id = "portal-1", secret = { file = "${keys.events}" } }]

[events.producers."/services/echo"]
topics = ["echo.outbound"]
keys = [{ id = "${ECHO_KEY.id}", secret = { file = "${keys.echo}" } }]

[[identity.providers]]
issuer = "${issuer}"
${provider}

[gateway]
upstream_networks = ["127.0.0.0/8"]
${grant("todos", todosPort, '["todos.read", "todos.write"]')}
${grant("echo", ECHO_PORT, '["echo.use"]', 'topics = ["echo.inbound", "echo.outbound"]\npublish = ["echo.request"]\nsubscribe = ["echo.reply"]')}
[[development.services]]
name = "todos"
command = ["node", "service/main.mjs"]
directory = "remotes/todos"
environment = { PORT = "${todosPort}" }
`;
}
