// `node oidc.mjs PORT`: the smallest OpenID provider that oauth2-proxy signs somebody in at: discovery, one key, a code that is
// given at once, an RS256 ID token and an access token as long as they usually are. For benchmarks on loopback alone.
import { createHash, createSign, generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";

const port = Number(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;
const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const kid = createHash("sha256").update(publicKey.export({ type: "spki", format: "der" })).digest("base64url").slice(0, 16);
/** Nonces of authorization requests, by code. */
const codes = new Map();

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

function idToken(audience, nonce) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, sub: "bob", aud: audience, email: "bob@acme.example", email_verified: true, iat: now, exp: now + 3600, nonce };
  const signed = `${encode({ alg: "RS256", typ: "JWT", kid })}.${encode(claims)}`;
  return `${signed}.${createSign("RSA-SHA256").update(signed).sign(privateKey, "base64url")}`;
}

const routes = {
  "/.well-known/openid-configuration": () => ({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ["code"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
  }),
  "/jwks": () => ({ keys: [{ ...publicKey.export({ format: "jwk" }), kid, use: "sig", alg: "RS256" }] }),
  "/token": (body) => {
    const form = new URLSearchParams(body);
    const { nonce, client } = codes.get(form.get("code")) ?? {};
    return { access_token: randomBytes(540).toString("base64url"), token_type: "Bearer", expires_in: 3600, id_token: idToken(client, nonce) };
  },
};

createServer(async (request, response) => {
  const url = new URL(request.url, issuer);
  let body = "";
  for await (const chunk of request) body += chunk;
  if (url.pathname === "/authorize") {
    const code = randomBytes(12).toString("hex");
    codes.set(code, { nonce: url.searchParams.get("nonce") ?? undefined, client: url.searchParams.get("client_id") });
    const back = new URL(url.searchParams.get("redirect_uri"));
    back.searchParams.set("code", code);
    back.searchParams.set("state", url.searchParams.get("state"));
    return response.writeHead(302, { location: back.href }).end();
  }
  const answer = routes[url.pathname]?.(body);
  response.writeHead(answer ? 200 : 404, { "content-type": "application/json" }).end(JSON.stringify(answer ?? {}));
}).listen(port, "127.0.0.1");
