import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { requireScope, tokenVerifier } from "./token.mjs";

const audience = "https://api.portico.example/this-service";
let issuer, server, keys, verify;

before(async () => {
  keys = await generateKeyPair("ES256");
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: "one", alg: "ES256", use: "sig" };
  server = createServer((request, response) => {
    const body = request.url === "/jwks" ? { keys: [jwk] } : { issuer, jwks_uri: `${issuer}/jwks` };
    response.setHeader("content-type", "application/json").end(JSON.stringify(body));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${server.address().port}`;
  verify = tokenVerifier({ issuer, audience });
});

after(() => server.close());

function sign(changes = {}, header = {}) {
  const claims = { sub: "demo|alice", org_id: "acme", scope: "things.read", iss: issuer, aud: audience, ...changes };
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ exp: now + 60, iat: now, ...claims })
    .setProtectedHeader({ alg: "ES256", kid: "one", typ: "at+jwt", ...header })
    .sign(keys.privateKey);
}

const refused = (status) => (error) => error.status === status;

test("a token for this service says who calls, for which organization, with which scopes", async () => {
  const caller = await verify(`Bearer ${await sign()}`);
  assert.equal(caller.sub, "demo|alice");
  assert.equal(caller.orgId, "acme");
  assert.doesNotThrow(() => requireScope(caller, "things.read"));
  assert.throws(() => requireScope(caller, "things.write"), refused(403));
});

test("case_34_a token for another service is refused", async () => {
  await assert.rejects(verify(`Bearer ${await sign({ aud: "https://api.portico.example/other" })}`), refused(401));
  await assert.rejects(verify(`Bearer ${await sign({ aud: [audience, "https://api.portico.example/other"] })}`), refused(401));
});

test("a token that is expired, from another issuer or without an organization is refused", async () => {
  for (const changes of [{ exp: 1 }, { iss: "https://issuer.example" }, { org_id: undefined }, { org_id: 7 }, { sub: undefined }]) {
    await assert.rejects(verify(`Bearer ${await sign(changes)}`), refused(401), JSON.stringify(changes));
  }
});

test("no token, an unsigned one, a changed one and one by an unknown key are refused", async () => {
  const good = await sign();
  const unsigned = new UnsecuredJWT({ sub: "x", org_id: "acme", iss: issuer, aud: audience }).encode();
  const changed = good.slice(0, -4) + (good.endsWith("AAAA") ? "BBBB" : "AAAA");
  for (const authorization of [undefined, "", "Basic abc", `Bearer ${unsigned}`, `Bearer ${changed}`]) {
    await assert.rejects(verify(authorization), refused(401), authorization);
  }
  await assert.rejects(verify(`Bearer ${await sign({}, { kid: "two" })}`), refused(401));
});

test("without its issuer the service says so, and recovers when it is there", async () => {
  const port = server.address().port;
  const early = tokenVerifier({ issuer: "http://127.0.0.1:1", audience });
  await assert.rejects(early(`Bearer ${await sign()}`), refused(503));
  const wrongName = tokenVerifier({ issuer: `http://localhost:${port}`, audience });
  await assert.rejects(wrongName(`Bearer ${await sign()}`), refused(503));
});
