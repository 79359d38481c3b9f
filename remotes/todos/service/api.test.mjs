import assert from "node:assert/strict";
import { test } from "node:test";
import { todosApi } from "./api.mjs";
import { Problem } from "./http.mjs";
import { TodoStore } from "./store.mjs";

const store = new TodoStore(() => new Date("2026-11-20T08:00:00Z"));
const callers = {
  bob: { sub: "bob", orgId: "acme", scopes: new Set(["todos.read", "todos.write"]) },
  carol: { sub: "carol", orgId: "globex", scopes: new Set(["todos.read", "todos.write"]) },
  reader: { sub: "reader", orgId: "acme", scopes: new Set(["todos.read"]) },
};
const api = todosApi({
  store,
  verify: async (name) => callers[name] ?? (() => { throw new Problem(401, "Unauthorized", "no"); })(),
});

function call(caller, method, path, body) {
  const url = new URL(path, "http://service.invalid");
  return api({ method, url, headers: { authorization: caller }, json: async () => body });
}

const refused = (status) => (error) => error.status === status;

test("an organization starts with believable items, and the filter narrows them", async () => {
  const all = await call("bob", "GET", "/todos");
  const done = await call("bob", "GET", "/todos?status=done");
  const open = await call("bob", "GET", "/todos?status=open");
  assert.equal(all.body.items.length, done.body.items.length + open.body.items.length);
  assert.ok(done.body.items.every((item) => item.done));
  await assert.rejects(call("bob", "GET", "/todos?status=late"), refused(422));
});

test("an item is added, completed, renamed and deleted", async () => {
  const { status, body, headers } = await call("bob", "POST", "/todos", { title: " Water the plants ", due: "2026-12-01" });
  assert.equal(status, 201);
  assert.equal(headers.location, `/todos/${body.id}`);
  assert.equal(body.title, "Water the plants");
  assert.equal((await call("bob", "PATCH", `/todos/${body.id}`, { done: true })).body.done, true);
  assert.equal((await call("bob", "PATCH", `/todos/${body.id}`, { title: "Plants" })).body.title, "Plants");
  assert.equal((await call("bob", "DELETE", `/todos/${body.id}`)).status, 204);
  await assert.rejects(call("bob", "GET", `/todos/${body.id}`), refused(404));
});

test("case_50_another organization's item does not exist for the caller", async () => {
  const { body } = await call("bob", "POST", "/todos", { title: "Acme only" });
  for (const [method, change] of [["GET"], ["PATCH", { done: true }], ["DELETE"]]) {
    await assert.rejects(call("carol", method, `/todos/${body.id}`, change), refused(404));
  }
  assert.equal((await call("bob", "GET", `/todos/${body.id}`)).body.done, false);
});

test("a scope that only reads cannot write, and no token reads nothing", async () => {
  assert.equal((await call("reader", "GET", "/todos")).status, 200);
  await assert.rejects(call("reader", "POST", "/todos", { title: "No" }), refused(403));
  await assert.rejects(call(undefined, "GET", "/todos"), refused(401));
});

test("a bad item is refused in words", async () => {
  for (const body of [null, {}, { title: "  " }, { title: 7 }, { title: "x".repeat(201) }, { title: "x", due: "soon" }]) {
    await assert.rejects(call("bob", "POST", "/todos", body), refused(422));
  }
  await assert.rejects(call("bob", "PUT", "/todos", {}), refused(405));
  await assert.rejects(call("bob", "GET", "/todos/a/b"), refused(404));
  await assert.rejects(call("bob", "GET", "/todos/__proto__"), refused(404));
});
