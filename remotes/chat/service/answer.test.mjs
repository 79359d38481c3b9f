import assert from "node:assert/strict";
import { test } from "node:test";
import { answerMessage, pieces } from "./answer.mjs";
import { compose, SUGGESTIONS } from "./assistant.mjs";

async function ask(data) {
  const sent = [];
  await answerMessage({ id: "1", data: JSON.stringify(data) }, async (type, text) => sent.push({ type, ...JSON.parse(text) }), 0);
  return sent;
}

test("a question is answered by a start, pieces in order, and the whole text", async () => {
  const sent = await ask({ conversation: "c", message: "m", text: "What is Portico?" });
  assert.deepEqual(sent.map(({ sequence }) => sequence), sent.map((_, index) => index));
  assert.equal(sent[0].phase, "start");
  assert.equal(sent.at(-1).phase, "done");
  const deltas = sent.filter(({ phase }) => phase === "delta");
  assert.ok(deltas.length > 5);
  assert.equal(deltas.map(({ text }) => text).join(""), sent.at(-1).text);
  for (const event of sent) {
    assert.equal(event.type, "chat.reply");
    assert.equal(event.conversation, "c");
    assert.equal(event.inReplyTo, "m");
    assert.equal(event.message, sent[0].message);
  }
});

test("the same question gets the same reply and the same id", async () => {
  const question = { conversation: "c", message: "m", text: "tokens" };
  assert.deepEqual(await ask(question), await ask(question));
});

test("every suggestion leads to an answer that knows something", () => {
  const fallback = compose("xyzzy").text;
  for (const question of SUGGESTIONS) {
    const { text, suggestions } = compose(question);
    assert.notEqual(text, fallback, question);
    for (const next of suggestions) assert.notEqual(compose(next).text, fallback, next);
  }
  assert.equal(new Set(SUGGESTIONS.map((question) => compose(question).text)).size, SUGGESTIONS.length);
});

test("pieces join to the text they came from", () => {
  for (const text of ["", "one", "one two  three\n\nfour five "]) assert.equal(pieces(text).join(""), text);
});

test("a message without its parts is refused", async () => {
  await assert.rejects(ask({ text: "hello" }));
  await assert.rejects(ask(null));
});
