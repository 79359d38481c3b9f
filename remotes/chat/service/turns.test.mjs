import assert from "node:assert/strict";
import { test } from "node:test";
import { Turns } from "./turns.mjs";

test("one person's tasks keep their order while another's need not wait", async () => {
  const turns = new Turns();
  const order = [];
  let release;
  const held = new Promise((resolve) => { release = resolve; });
  const first = turns.run("bob", async () => { await held; order.push("bob 1"); });
  const second = turns.run("bob", async () => { order.push("bob 2"); });
  await turns.run("carol", async () => { order.push("carol 1"); });
  release();
  await Promise.all([first, second]);
  assert.deepEqual(order, ["carol 1", "bob 1", "bob 2"]);
});
