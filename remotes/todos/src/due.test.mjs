import assert from "node:assert/strict";
import { test } from "node:test";
import { bundle } from "../test/bundle.mjs";

const { byUrgency, calendarDay, daysUntil, dueWords, urgency } = await bundle("src/due.ts");

test("days are counted between calendar days", () => {
  assert.equal(daysUntil("2026-11-21", "2026-11-20"), 1);
  assert.equal(daysUntil("2027-03-29", "2027-03-27"), 2);
  assert.equal(calendarDay(new Date(2026, 10, 5, 23, 59)), "2026-11-05");
});

test("what is late, today and soon is told apart", () => {
  assert.deepEqual([-1, 0, 3, 4].map(urgency), ["overdue", "today", "soon", "later"]);
});

test("near dates are told in words, far ones as dates", () => {
  assert.equal(dueWords("2026-11-19", "2026-11-20", "en"), "Yesterday");
  assert.equal(dueWords("2026-11-23", "2026-11-20", "en"), "In 3 days");
  assert.equal(dueWords("2026-12-24", "2026-11-20", "en"), "Dec 24");
});

test("the most urgent comes first, finished ones last", () => {
  const todo = (id, due, done = false) => ({ id, due, done, createdAt: id });
  const items = [todo("a", null), todo("b", "2026-12-01"), todo("c", "2026-11-01", true), todo("d", "2026-11-21")];
  assert.deepEqual(items.sort(byUrgency).map(({ id }) => id), ["d", "b", "a", "c"]);
});
