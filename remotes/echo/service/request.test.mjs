import assert from "node:assert/strict";
import { test } from "node:test";
import { readRequest } from "./request.mjs";

const event = { specversion: "1.0", id: "1", source: "@portico/echo", type: "echo.request", orgid: "acme", userid: "bob" };

test("a request keeps its data as text", () => {
  const value = Buffer.from(`${JSON.stringify(event).slice(0, -1)},"data":{"b":1.0,"a":12345678901234567890}}`);
  const request = readRequest(value);
  assert.equal(request.data, '{"b":1.0,"a":12345678901234567890}');
  assert.equal(request.userid, "bob");
});

test("a record that is no event for somebody is refused", () => {
  const without = (name) => Buffer.from(JSON.stringify({ ...event, [name]: undefined }));
  for (const value of [null, Buffer.from(""), Buffer.from("null"), Buffer.from("[]"), without("orgid"), without("userid"), without("id")]) {
    assert.throws(() => readRequest(value));
  }
});
