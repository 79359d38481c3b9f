import assert from "node:assert/strict";
import { test } from "node:test";
import { bundle } from "../test/bundle.mjs";

const { TodoModel, isDraft } = await bundle("src/model.ts");

const milk = { id: "1", title: "Milk", done: false, due: null, createdAt: "2026-11-20" };
const tea = { id: "2", title: "Tea", done: false, due: null, createdAt: "2026-11-20" };

async function loaded(service = {}) {
  const seen = [];
  const model = new TodoModel({ list: async () => [milk, tea], ...service }, () => seen.push(model.items.map(({ title, done }) => `${title}${done ? "+" : ""}`)));
  await model.load();
  return { model, seen };
}

const refuse = async () => { throw new Error("The service is away."); };

test("a change shows before the service has answered", async () => {
  const { model } = await loaded({ complete: async (id, done) => ({ ...milk, done }) });
  const working = model.complete(milk, true);
  assert.equal(model.items[0].done, true);
  await working;
  assert.equal(model.items[0].done, true);
  assert.equal(model.problem, "");
});

test("a refused change is taken back and says why", async () => {
  const { model } = await loaded({ complete: refuse, remove: refuse, add: refuse });
  await model.complete(milk, true);
  assert.equal(model.items[0].done, false);
  assert.match(model.problem, /"Milk" was not changed\. The service is away\./);
  await model.remove(milk);
  assert.deepEqual(model.items.map(({ title }) => title), ["Milk", "Tea"]);
  await model.add("Bread", null);
  assert.deepEqual(model.items.map(({ title }) => title), ["Milk", "Tea"]);
  assert.match(model.problem, /"Bread" was not added/);
});

test("a new item is a draft until the service gave it an id", async () => {
  const { model } = await loaded({ add: async (title) => ({ ...milk, id: "3", title }) });
  const working = model.add("Bread", null);
  assert.ok(isDraft(model.items[2]));
  await working;
  assert.equal(model.items[2].id, "3");
});

test("a list that cannot be read says why and can be read again", async () => {
  let answer = refuse;
  const { model } = await loaded({ list: () => answer() });
  assert.equal(model.state, "failed");
  assert.equal(model.problem, "The service is away.");
  answer = async () => [tea];
  await model.load();
  assert.equal(model.state, "ready");
});
