import assert from "node:assert/strict";
import { test } from "node:test";
import { readRequest } from "./request.mjs";

const ATTRIBUTES = { specversion: "1.0", id: "1", source: "@portico/echo", type: "echo.request", orgid: "acme", userid: "bob" };

/** A record as kafkajs hands it over: header values are bytes. */
function record(attributes, data) {
  const headers = Object.fromEntries(Object.entries(attributes).map(([name, text]) => [`ce_${name}`, Buffer.from(text)]));
  return { headers: { ...headers, "content-type": Buffer.from("application/json") }, value: data === undefined ? null : Buffer.from(data) };
}

test("a request has its attributes, and its data byte for byte", () => {
  const data = '{"b":1,"a":12345678901234567890.10,"b":"ä"}';
  const request = readRequest(record({ ...ATTRIBUTES, traceparent: "00-a-b-01" }, data));
  assert.deepEqual(request, {
    id: "1", source: "@portico/echo", type: "echo.request", orgid: "acme", userid: "bob", traceparent: "00-a-b-01", data,
  });
});

test("a request without data has none", () => {
  assert.equal(readRequest(record(ATTRIBUTES)).data, undefined);
  assert.equal(readRequest(record(ATTRIBUTES, "")).data, undefined);
});

test("what lacks an attribute that a reply needs is no request", () => {
  for (const name of ["id", "source", "type", "orgid", "userid"]) {
    const { [name]: _, ...rest } = ATTRIBUTES;
    assert.throws(() => readRequest(record(rest, "1")), new RegExp(`no ${name}`));
    assert.throws(() => readRequest(record({ ...ATTRIBUTES, [name]: "" }, "1")), new RegExp(`no ${name}`));
  }
  assert.throws(() => readRequest({ value: Buffer.from("{}") }), /no id/);
  assert.throws(() => readRequest({ headers: { ce_id: [Buffer.from("1"), Buffer.from("2")] }, value: null }), /no id/);
});
