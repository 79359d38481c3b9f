import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { compose } from "./assistant.mjs";

/** Milliseconds between two pieces: fast enough to read along, slow enough to see it stream. */
const PACE = 35;
/** Words in a piece. One would make an event of every "a". */
const WORDS = 2;
/** Characters of a message that are read; the rest would not change a canned answer. */
const TEXT_LIMIT = 4_000;

/**
 * Answers one `chat.message` with a `start`, several `delta` and a `done` event.
 *
 * Each carries `conversation`, the reply's id as `message`, the question's id as `inReplyTo` and an ascending
 * `sequence`; `done` has the whole text, so that a reader who missed a piece ends up right all the same.
 *
 * @param {{ id: string, data?: string }} request
 * @param {(type: string, data: string) => Promise<void>} reply
 * @param {number} [pace] milliseconds between pieces
 */
export async function answerMessage(request, reply, pace = PACE) {
  const { conversation, message, text } = JSON.parse(request.data ?? "null") ?? {};
  if (typeof conversation !== "string" || typeof message !== "string" || typeof text !== "string") {
    throw new Error("data has no conversation, message and text");
  }
  const answer = compose(text.slice(0, TEXT_LIMIT));
  const id = createHash("sha256").update(`${conversation}\0${message}`).digest("base64url").slice(0, 16);
  let sequence = 0;
  const send = (phase, rest) =>
    reply("chat.reply", JSON.stringify({ conversation, message: id, inReplyTo: message, phase, sequence: sequence++, ...rest }));

  await send("start", {});
  for (const piece of pieces(answer.text)) {
    await delay(pace);
    await send("delta", { text: piece });
  }
  await send("done", { text: answer.text, suggestions: answer.suggestions });
}

/** Words with the spaces behind them, so that joining the pieces gives the text back. */
export function pieces(text) {
  const words = text.match(/\S+\s*/g) ?? [];
  const joined = [];
  for (let at = 0; at < words.length; at += WORDS) joined.push(words.slice(at, at + WORDS).join(""));
  return joined;
}
