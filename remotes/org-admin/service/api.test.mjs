import assert from "node:assert/strict";
import { test } from "node:test";
import { orgAdminApi } from "./api.mjs";

const callers = {
  alice: { sub: "alice", orgId: "acme", scopes: new Set(["org.admin"]) },
  mara: { sub: "mara", orgId: "globex", scopes: new Set(["org.admin"]) },
  stranger: { sub: "x", orgId: "constructor", scopes: new Set(["org.admin"]) },
  bob: { sub: "bob", orgId: "acme", scopes: new Set(["todos.read"]) },
};
const api = orgAdminApi({ verify: async (name) => callers[name], now: () => new Date("2026-11-20T08:00:00Z") });
const call = (caller, path, method = "GET") =>
  api({ method, url: new URL(path, "http://service.invalid"), headers: { authorization: caller } });
const refused = (status) => (error) => error.status === status;

test("an administrator sees the organization of the token, and no other", async () => {
  assert.equal((await call("alice", "/organization")).body.name, "Acme");
  assert.equal((await call("mara", "/organization")).body.name, "Globex");
  const { items } = (await call("mara", "/members?organization=acme")).body;
  assert.ok(items.every(({ id }) => id.startsWith("globex-")));
});

test("seats count the people who can sign in or were invited", async () => {
  const { body } = await call("alice", "/organization");
  const { items } = (await call("alice", "/members")).body;
  assert.equal(body.seats.used, items.filter(({ status }) => status !== "suspended").length);
  assert.ok(items.every(({ email, lastSeen, status }) => email.includes("@") && (lastSeen === null) === (status === "invited")));
});

test("an organization nobody set up is empty, whatever its name", async () => {
  assert.equal((await call("stranger", "/organization")).body.name, "constructor");
  assert.deepEqual((await call("stranger", "/members")).body.items, []);
});

test("a member without the scope is refused, and so is writing", async () => {
  await assert.rejects(call("bob", "/members"), refused(403));
  await assert.rejects(call("alice", "/members", "POST"), refused(405));
  await assert.rejects(call("alice", "/"), refused(404));
});
