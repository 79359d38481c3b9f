import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KEYCLOAK, OIDC_PROVIDER, type Place } from "./addresses.ts";
import { type PortalOf, startPortalOf } from "./portal-of.ts";
import { answersHttp, startProgram } from "./program.ts";
import { startEcho, startKafka, startPostgres, startRedis } from "./stores.ts";

/** Sessions in Redis, organizations in PostgreSQL. */
const AT_KEYCLOAK: PortalOf = {
  redis: true,
  provider: `
name = "keycloak"
client_secret_file = "end2end/providers/keycloak/client-secret"
scopes = ["profile", "email"]
par = "required"`,
};

/** Both in PostgreSQL. The key is written by the provider's program when it starts. */
const atOidcProvider = (directory: string): PortalOf => ({
  redis: false,
  provider: `
name = "oidc-provider"
client_id = "portico-key"
client_auth = "private_key_jwt"
client_key_file = "${directory}/portico-key.pem"
client_key_id = "portico-key"
scopes = ["profile", "email"]
par = "required"`,
});

/** Both providers, each with a portal of two instances in front of it, for the whole run; the function returned ends them. */
export default async function globalSetup(): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), "portico-providers-"));
  const started: (() => Promise<void>)[] = [() => rm(directory, { recursive: true, force: true })];
  const stop = async () => {
    for (const end of started.reverse()) await end();
  };
  const begin = async (name: string, place: Place, command: (home: string) => [string, ...string[]], portal: (home: string) => PortalOf) => {
    const home = join(directory, name);
    await mkdir(home);
    const ready = () => answersHttp(`${place.issuer}/.well-known/openid-configuration`);
    started.push(await startProgram({ name, command: command(home), environment: { PORTICO_URL: place.url }, ready }));
    started.push(await startPostgres(name, place, home));
    if (portal(home).redis) started.push(await startRedis(name, place, home));
    started.push(await startPortalOf(name, place, portal(home), home));
  };
  try {
    // PostgreSQL runs as another account, which has to get through to its files.
    await chmod(directory, 0o711);
    started.push(await startKafka(directory));
    started.push(await startEcho());
    const node = "end2end/providers/oidc-provider/main.mjs";
    await begin("oidc-provider", OIDC_PROVIDER, (home) => ["node", node, String(OIDC_PROVIDER.providerPort), home], atOidcProvider);
    await begin("keycloak", KEYCLOAK, (home) => ["scripts/keycloak", "run", String(KEYCLOAK.providerPort), home], () => AT_KEYCLOAK);
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}
