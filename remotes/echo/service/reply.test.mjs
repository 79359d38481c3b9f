import assert from "node:assert/strict";
import { test } from "node:test";
import { rawMember } from "./raw.mjs";
import { replyText } from "./reply.mjs";

const request = { id: "1", source: "@portico/echo", type: "echo.request", orgid: "acme", userid: "bob", traceparent: "00-a-b-01" };
const reply = { service: "echo", sequence: 0, type: "echo.reply", time: new Date("2026-11-20T08:00:00Z") };

test("data goes back byte for byte, to the same person in the same organization", () => {
  for (const data of ['{"b":1,"a":12345678901234567890.10,"b":2}', "null", '"\\ud800"', "[ 1 , 2 ]"]) {
    const text = replyText(request, { ...reply, data });
    assert.equal(rawMember(text, "data"), data);
    const { orgid, userid, source, type, traceparent, specversion } = JSON.parse(text);
    assert.deepEqual([orgid, userid, source, type, traceparent, specversion],
      ["acme", "bob", "/services/echo", "echo.reply", "00-a-b-01", "1.0"]);
  }
});

test("a request without data gets a reply without data", () => {
  assert.equal("data" in JSON.parse(replyText(request, reply)), false);
});

test("the id is the same for a repeat and different for every other reply", () => {
  const id = (change, sequence = 0) => JSON.parse(replyText({ ...request, ...change }, { ...reply, sequence })).id;
  assert.equal(id({}), id({}));
  const others = [id({}, 1), id({ userid: "carol" }), id({ orgid: "globex" }), id({ id: "2" })];
  assert.equal(new Set([id({}), ...others]).size, 5);
});
