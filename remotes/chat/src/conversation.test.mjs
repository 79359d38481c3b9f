import assert from "node:assert/strict";
import { test } from "node:test";
import { Conversation } from "./conversation.js";

function asked(text = "Hello") {
  const conversation = new Conversation();
  const { question, answer } = conversation.ask(text);
  const reply = (phase, sequence, rest = {}) =>
    conversation.receive({ conversation: conversation.id, inReplyTo: question.id, phase, sequence, ...rest });
  return { conversation, question, answer, reply };
}

test("an answer grows piece by piece and ends with the whole text", () => {
  const { question, answer, reply } = asked();
  reply("start", 0);
  assert.equal(question.state, "sent");
  reply("delta", 1, { text: "Good " });
  reply("delta", 2, { text: "day" });
  assert.equal(answer.text, "Good day");
  assert.equal(answer.state, "streaming");
  reply("done", 3, { text: "Good day.", suggestions: ["Bye"] });
  assert.deepEqual([answer.text, answer.state, answer.suggestions], ["Good day.", "done", ["Bye"]]);
});

test("repeats change nothing, and pieces out of order wait for their turn", () => {
  const { answer, reply } = asked();
  reply("start", 0);
  reply("delta", 2, { text: "day" });
  assert.equal(answer.text, "");
  reply("delta", 1, { text: "Good " });
  assert.equal(reply("delta", 1, { text: "Good " }), undefined);
  assert.equal(answer.text, "Good day");
});

test("a lost piece is repaired by the end", () => {
  const { answer, reply } = asked();
  reply("delta", 2, { text: "day" });
  reply("done", 3, { text: "Good day" });
  assert.equal(answer.text, "Good day");
  assert.equal(reply("delta", 1, { text: "Good " }), undefined);
});

test("a reply for another tab's conversation is not ours", () => {
  const { conversation, question } = asked();
  assert.equal(conversation.receive({ conversation: "other", inReplyTo: question.id, phase: "start", sequence: 0 }), undefined);
  assert.equal(conversation.receive(null), undefined);
});

test("an answer that stalled is taken when it comes after all", () => {
  const { conversation, answer, reply } = asked();
  conversation.stall(answer);
  assert.equal(answer.state, "stalled");
  reply("done", 4, { text: "Late" });
  assert.deepEqual([answer.state, answer.text], ["done", "Late"]);
});
