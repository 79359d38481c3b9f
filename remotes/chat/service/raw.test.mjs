import assert from "node:assert/strict";
import { test } from "node:test";
import { rawMember } from "./raw.mjs";

const DATA = [
  "{}", "[]", "null", "true", "0", "-1.50e+300", '""', '"\\"}],\\\\"', "123456789012345678901234567890",
  '{"b":1,"a":2,"b":3}', '{ "a" : [ 1 , {"data": 2} ] }', '"\\u0000\\ud800"', '"ünïcödé \u{1f980}"', "[[[[]]]]", '{"1":0,"0":1}',
];

test("data comes back byte for byte, wherever it stands", () => {
  for (const data of DATA) {
    for (const json of [
      `{"data":${data}}`,
      `{"id":"1","data":${data},"type":"x"}`,
      ` { "id" : "1" , "data" : ${data} \n, "type":"x" } `,
      `{"nested":{"data":0},"list":["data",{"data":1}],"data":${data}}`,
      `{"d\\u0061ta":${data}}`,
    ]) {
      JSON.parse(json);
      assert.equal(rawMember(json, "data"), data, json);
    }
  }
});

test("the last of two members counts, as in JSON.parse", () => {
  assert.equal(rawMember('{"data":1,"data":2}', "data"), "2");
});

test("an object without the member has none", () => {
  for (const json of ["{}", " { } ", '{"dat":1}', '{"a":"data"}', '{"a":{"data":1}}']) {
    assert.equal(rawMember(json, "data"), undefined, json);
  }
});

test("deep data costs no stack", () => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  assert.equal(rawMember(`{"data":${deep}}`, "data"), deep);
});

test("text that is not an object ends the search instead of hanging", () => {
  for (const json of ["", "{", '{"', '{"a', '{"data"', '{"data":', '{"a":[1', "[1,2]"]) {
    try {
      rawMember(json, "data");
    } catch (error) {
      assert.ok(error instanceof SyntaxError);
    }
  }
});
