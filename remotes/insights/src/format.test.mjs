import assert from "node:assert/strict";
import { test } from "node:test";
import { formats } from "./format.js";

test("figures carry their unit in the person's language", () => {
  const english = formats("en");
  assert.equal(english.figure({ value: 1234.4 }), "1,234");
  assert.equal(english.figure({ value: 86.2, unit: "ms" }), "86 ms");
  assert.equal(english.figure({ value: 0.9994, unit: "share" }), "99.94%");
  assert.equal(formats("de").figure({ value: 1234 }), "1.234");
});

test("a change shows its sign, and none when there is none", () => {
  assert.equal(formats("en").change(0.0512), "+5.1%");
  assert.equal(formats("en").change(-0.06), "-6%");
  assert.equal(formats("en").change(0), "0%");
});

test("days are the day they name, wherever the reader is", () => {
  assert.equal(formats("en-US").day("2026-11-20"), "Nov 20");
});
