import assert from "node:assert/strict";
import { test } from "node:test";
import { filterMembers, since } from "./filter.js";

const members = [
  { name: "Zoe Zimmer", email: "zoe@acme.example", role: "member" },
  { name: "Alice Archer", email: "alice@acme.example", role: "admin" },
];

test("people are found by any part of their name or address, in any order", () => {
  const names = (text, role = "all") => filterMembers(members, { text, role }).map(({ name }) => name);
  assert.deepEqual(names(""), ["Alice Archer", "Zoe Zimmer"]);
  assert.deepEqual(names("ARCH ali"), ["Alice Archer"]);
  assert.deepEqual(names("zoe@"), ["Zoe Zimmer"]);
  assert.deepEqual(names("", "admin"), ["Alice Archer"]);
  assert.deepEqual(names("nobody"), []);
});

test("times are told in the largest unit that fits", () => {
  const now = new Date("2026-11-20T12:00:00Z");
  assert.equal(since(null, now, "en"), "Never");
  assert.equal(since("2026-11-20T11:58:00Z", now, "en"), "Just now");
  assert.equal(since("2026-11-20T11:30:00Z", now, "en"), "30 minutes ago");
  assert.equal(since("2026-11-20T09:00:00Z", now, "en"), "3 hours ago");
  assert.equal(since("2026-11-19T10:00:00Z", now, "en"), "Yesterday");
  assert.equal(since("2026-11-14T12:00:00Z", now, "en"), "6 days ago");
  assert.equal(since("2026-08-20T12:00:00Z", now, "en"), "3 months ago");
});
