import assert from "node:assert/strict";
import { test } from "node:test";
import { parseExactly, pretty } from "./json.js";

test("what is read is what is written again", () => {
  for (const text of ['{"b":1,"a":[true,null,"x"]}', "7", '"text"', "[]"]) {
    assert.equal(JSON.stringify(parseExactly(text)), text);
  }
});

test("big numbers survive where the engine can keep them", () => {
  const text = '{"n":12345678901234567890}';
  const expected = typeof JSON.rawJSON === "function" ? text : JSON.stringify(JSON.parse(text));
  assert.equal(JSON.stringify(parseExactly(text)), expected);
});

test("text that is not JSON is refused", () => {
  assert.throws(() => parseExactly("{a:1}"), SyntaxError);
});

test("data is printed for reading, and so is its absence", () => {
  assert.equal(pretty({ a: 1 }), '{\n  "a": 1\n}');
  assert.equal(pretty(undefined), "(no data)");
});
