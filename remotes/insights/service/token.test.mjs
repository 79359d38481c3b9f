import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { issuersOf, requireScope, tokenVerifier } from "./token.mjs";

const audience = "https://api.portico.example/this-service";
let issuer, keys, verify, other;
const servers = [];

/** An issuer with one key; it calls itself by its address and `slash`. */
async function startIssuer(slash = "") {
  const keys = await generateKeyPair("ES256");
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: "one", alg: "ES256", use: "sig" };
  const server = createServer((request, response) => {
    const body = request.url === "/jwks" ? { keys: [jwk] } : { issuer: `${address}${slash}`, jwks_uri: `${address}/jwks` };
    response.setHeader("content-type", "application/json").end(JSON.stringify(body));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push(server);
  const address = `http://127.0.0.1:${server.address().port}`;
  return { issuer: `${address}${slash}`, keys };
}

before(async () => {
  ({ issuer, keys } = await startIssuer());
  other = await startIssuer("/");
  verify = tokenVerifier({ issuers: [issuer], audience });
});

after(() => servers.forEach((server) => server.close()));

function sign(changes = {}, header = {}, key = keys) {
  const claims = { sub: "demo|alice", org_id: "acme", scope: "things.read", iss: issuer, aud: audience, ...changes };
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ exp: now + 60, iat: now, ...claims })
    .setProtectedHeader({ alg: "ES256", kid: "one", typ: "at+jwt", ...header })
    .sign(key.privateKey);
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
  const away = "http://127.0.0.1:1";
  const early = tokenVerifier({ issuers: [away, issuer], audience });
  await assert.rejects(early(`Bearer ${await sign({ iss: away })}`), refused(503));
  await assert.doesNotReject(early(`Bearer ${await sign()}`), "another one is there");
  const localhost = issuer.replace("127.0.0.1", "localhost");
  const wrongName = tokenVerifier({ issuers: [localhost], audience });
  await assert.rejects(wrongName(`Bearer ${await sign({ iss: localhost })}`), refused(503));
});

test("of several issuers each one's tokens verify by its own keys alone", async () => {
  const both = tokenVerifier({ issuers: [issuer, other.issuer.replace(/\/$/, "")], audience });
  assert.equal((await both(`Bearer ${await sign()}`)).sub, "demo|alice");
  assert.equal((await both(`Bearer ${await sign({ iss: other.issuer }, {}, other.keys)}`)).sub, "demo|alice");
  await assert.rejects(both(`Bearer ${await sign({ iss: other.issuer })}`), refused(401), "signed by the first");
  await assert.rejects(both(`Bearer ${await sign({}, {}, other.keys)}`), refused(401), "signed by the second");
  await assert.rejects(verify(`Bearer ${await sign({ iss: other.issuer }, {}, other.keys)}`), refused(401), "not in the list");
  await assert.rejects(both(`Bearer ${await sign({ iss: undefined })}`), refused(401), "of nobody");
});

test("the environment names one issuer, several, or the portal's default", () => {
  assert.deepEqual(issuersOf({}), ["http://127.0.0.1:3000/dev/idp"]);
  assert.deepEqual(issuersOf({ PORTICO_ISSUER: "https://one.example" }), ["https://one.example"]);
  const several = { PORTICO_ISSUER: "https://one.example", PORTICO_ISSUERS: "https://one.example, https://two.example/," };
  assert.deepEqual(issuersOf(several), ["https://one.example", "https://two.example/"]);
});
