import assert from "node:assert/strict";
import { test } from "node:test";
import { OffsetTracker } from "./offsets.mjs";

const at = (offset) => [{ topic: "t", partition: 0, offset }];

test("the first unfinished request bounds what is committed", () => {
  const tracker = new OffsetTracker();
  const [first, second, third] = ["0", "1", "2"].map((offset) => tracker.begin("t", 0, offset));
  second();
  assert.deepEqual(tracker.take(), []);
  first();
  assert.deepEqual(tracker.take(), at("2"));
  assert.deepEqual(tracker.take(), []);
  third();
  assert.deepEqual(tracker.take(), at("3"));
  assert.equal(tracker.pending, 0);
});

test("a request begun before a rebalance does not move the new generation", () => {
  const tracker = new OffsetTracker();
  const old = tracker.begin("t", 0, "5");
  tracker.clear();
  tracker.begin("t", 0, "5");
  old();
  assert.deepEqual(tracker.take(), at("5"));
});
