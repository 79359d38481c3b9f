import assert from "node:assert/strict";
import { test } from "node:test";
import { replyRecord } from "./reply.mjs";
import { signature } from "./signature.mjs";

const request = { id: "1", source: "@portico/echo", type: "echo.request", orgid: "acme", userid: "bob", traceparent: "00-a-b-01" };
const reply = { service: "echo", sequence: 0, type: "echo.reply", time: new Date("2026-11-20T08:00:00Z") };
const key = { id: "echo-1", secret: Buffer.alloc(32, 7) };
const record = (change = {}, of = request) => replyRecord(of, { ...reply, ...change }, "echo.outbound", key);

test("data goes back byte for byte, to the same person in the same organization", () => {
  for (const data of ['{"b":1,"a":12345678901234567890.10,"b":2}', "null", '"\\ud800"', "[ 1 , 2 ]"]) {
    const { key: person, value, headers } = record({ data });
    assert.equal(value.toString(), data);
    assert.equal(person, "bob");
    const attribute = (name) => headers[`ce_${name}`];
    assert.deepEqual(["orgid", "userid", "source", "type", "traceparent", "specversion"].map(attribute),
      ["acme", "bob", "/services/echo", "echo.reply", "00-a-b-01", "1.0"]);
    assert.equal(headers["content-type"], "application/json");
  }
});

test("a request without data gets a reply without data, and not a deletion", () => {
  assert.deepEqual(record().value, Buffer.alloc(0));
});

test("the signature is over what the record says", () => {
  const { value, headers } = record({ data: "1" });
  const attributes = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== "portico-signature")
    .map(([name, text]) => [name === "content-type" ? "datacontenttype" : name.slice("ce_".length), text]));
  const expected = signature({ topic: "echo.outbound", key: "bob", attributes, data: value }, key);
  assert.equal(headers["portico-signature"], expected);
});

test("the id is the same for a repeat and different for every other reply", () => {
  const id = (change, sequence = 0) => record({ sequence }, { ...request, ...change }).headers.ce_id;
  assert.equal(id({}), id({}));
  const others = [id({}, 1), id({ userid: "carol" }), id({ orgid: "globex" }), id({ id: "2" })];
  assert.equal(new Set([id({}), ...others]).size, 5);
});
