import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KEYCLOAK, OIDC_PROVIDER } from "./addresses.ts";
import { startPortalOf } from "./portal-of.ts";
import { startProvider } from "./program.ts";

const KEYCLOAK_SETTINGS = `
name = "keycloak"
client_secret_file = "end2end/providers/keycloak/client-secret"
scopes = ["profile", "email"]
par = "required"`;

/** The key is written by the provider's program when it starts. */
const oidcProviderSettings = (directory: string) => `
name = "oidc-provider"
client_id = "portico-key"
client_auth = "private_key_jwt"
client_key_file = "${directory}/portico-key.pem"
client_key_id = "portico-key"
scopes = ["profile", "email"]
par = "required"`;

/** Both providers, each with a portal in front of it, for the whole run; the function returned ends them. */
export default async function globalSetup(): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), "portico-providers-"));
  const started: (() => Promise<void>)[] = [() => rm(directory, { recursive: true, force: true })];
  const stop = async () => {
    for (const end of started.reverse()) await end();
  };
  const keycloak = join(directory, "keycloak");
  const oidcProvider = join(directory, "oidc-provider");
  const begin = async (name: string, command: [string, ...string[]], place: typeof KEYCLOAK, settings: string, home: string) => {
    started.push(await startProvider(name, command, place.issuer, place.url));
    const portal = await startPortalOf(name, place, settings, home);
    started.push(() => portal.stop());
  };
  try {
    const node = "end2end/providers/oidc-provider/main.mjs";
    await begin("oidc-provider", ["node", node, String(OIDC_PROVIDER.providerPort), oidcProvider], OIDC_PROVIDER, oidcProviderSettings(oidcProvider), oidcProvider);
    await begin("keycloak", ["scripts/keycloak", "run", String(KEYCLOAK.providerPort), keycloak], KEYCLOAK, KEYCLOAK_SETTINGS, keycloak);
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}
