import assert from "node:assert/strict";
import { test } from "node:test";
import { insightsApi } from "./api.mjs";
import { withCors } from "./cors.mjs";
import { Problem } from "./http.mjs";

const now = () => new Date("2026-11-20T08:00:00Z");
const callers = {
  bob: { sub: "bob", orgId: "acme", scopes: new Set(["insights.read"]) },
  carol: { sub: "carol", orgId: "globex", scopes: new Set(["insights.read"]) },
  nobody: { sub: "nobody", orgId: "acme", scopes: new Set() },
};
const verify = async (name) => {
  if (callers[name] === undefined) throw new Problem(401, "Unauthorized", "no");
  return callers[name];
};
const portal = "http://127.0.0.1:3000";
const api = withCors(insightsApi({ verify, now }), portal);

function call(caller, path, { method = "GET", origin } = {}) {
  return api({ method, url: new URL(path, "http://service.invalid"), headers: { authorization: caller, origin } });
}

const refused = (status) => (error) => error.status === status;

test("a summary covers the period asked for, and is the organization's own", async () => {
  for (const days of [7, 30, 90]) {
    const { body } = await call("bob", `/summary?days=${days}`);
    assert.equal(body.series.length, days);
    assert.equal(body.to, "2026-11-20");
    assert.ok(body.figures.every(({ value, change }) => Number.isFinite(value) && Number.isFinite(change)));
  }
  const [acme, again, globex] = await Promise.all(["bob", "bob", "carol"].map((name) => call(name, "/summary")));
  assert.deepEqual(acme.body, again.body);
  assert.notDeepEqual(acme.body.series, globex.body.series);
});

test("live figures come with their recent course", async () => {
  const { body } = await call("bob", "/live");
  assert.equal(body.recent.length, 24);
  assert.equal(body.recent.at(-1), body.people);
});

test("only the portal's origin may call from a browser, and may read refusals too", async () => {
  const allowed = await call("bob", "/live", { origin: portal });
  assert.equal(allowed.headers["access-control-allow-origin"], portal);
  const foreign = await call("bob", "/live", { origin: "http://127.0.0.1:3000.evil.example" });
  assert.equal(foreign.headers["access-control-allow-origin"], undefined);
  assert.equal(foreign.headers.vary, "origin");
  await assert.rejects(call(undefined, "/live", { origin: portal }), (error) =>
    error.status === 401 && error.headers["access-control-allow-origin"] === portal);
});

test("a preflight is answered without a token for the portal alone", async () => {
  const { status, headers } = await call(undefined, "/live", { method: "OPTIONS", origin: portal });
  assert.equal(status, 204);
  assert.equal(headers["access-control-allow-headers"], "authorization");
  await assert.rejects(call(undefined, "/live", { method: "OPTIONS", origin: "null" }), refused(403));
});

test("what is not offered is refused", async () => {
  await assert.rejects(call("nobody", "/summary"), refused(403));
  await assert.rejects(call("bob", "/summary?days=31"), refused(422));
  await assert.rejects(call("bob", "/constructor"), refused(404));
  await assert.rejects(call("bob", "/live", { method: "POST" }), refused(405));
});
