// An OpenID provider that others wrote (npm oidc-provider), on loopback, for tests and for trying the portal on it.
//
//   node main.mjs <port> <directory>
//
// The issuer is http://127.0.0.1:<port>, for a portal at ${PORTICO_URL:-http://127.0.0.1:3000}. Clients are `portico`
// with the secret in ./client-secret, and `portico-key`, which proves itself with the key that is written to
// <directory>/portico-key.pem. Nothing else is kept. Ready once <issuer>/.well-known/openid-configuration answers.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import Provider from "oidc-provider";
import { configuration } from "./configuration.mjs";
import { GRANT_TYPE, PARAMETERS, exchangeToken } from "./exchange.mjs";
import { interactions } from "./interactions.mjs";
import { keyPair } from "./keys.mjs";

const [port, directory] = process.argv.slice(2);
if (!/^\d+$/.test(port ?? "") || directory === undefined) {
  console.error("usage: node main.mjs <port> <directory>");
  process.exit(2);
}

const secret = (await readFile(new URL("client-secret", import.meta.url), "utf8")).trim();
const client = keyPair("portico-key");
await mkdir(directory, { recursive: true });
await writeFile(join(directory, "portico-key.pem"), client.pem, { mode: 0o600 });

const issuer = `http://127.0.0.1:${port}`;
const portal = (process.env.PORTICO_URL ?? "http://127.0.0.1:3000").replace(/\/$/, "");
const provider = new Provider(issuer, configuration({ portal, secret, clientKey: client.publicJwk, signingKey: keyPair("signing").jwk }));
provider.registerGrantType(GRANT_TYPE, exchangeToken, PARAMETERS, []);
provider.on("server_error", (_ctx, error) => console.error(error));

const answer = provider.callback();
const interact = interactions(provider);
const server = createServer(async (request, response) => {
  try {
    if (!(await interact(request, response))) answer(request, response);
  } catch (error) {
    console.error(error);
    response.writeHead(500).end();
  }
});
server.listen(Number(port), "127.0.0.1", () => console.log(`oidc-provider ready on ${issuer}`));
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.on(signal, () => {
    server.close();
    server.closeAllConnections();
  });
}
