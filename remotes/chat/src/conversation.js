/**
 * @typedef {object} Message
 * @property {string} id
 * @property {"person" | "assistant"} from
 * @property {string} text
 * @property {"sending" | "sent" | "failed" | "waiting" | "streaming" | "done" | "stalled"} state
 * @property {string} [inReplyTo] the question, for an answer
 * @property {boolean} [unsent] the question of this answer did not reach the portal
 * @property {string[]} [suggestions] what to ask next
 */

/** What was said, and how the answers put themselves together from events that may repeat or go missing. */
export class Conversation {
  /** @type {Message[]} */
  messages = [];
  id = crypto.randomUUID();
  #pieces = new Map();

  /**
   * A question, and the answer that is awaited.
   *
   * @param {string} text
   * @returns {{ question: Message, answer: Message }}
   */
  ask(text) {
    const question = { id: crypto.randomUUID(), from: "person", text, state: "sending" };
    const answer = { id: `answer-to-${question.id}`, from: "assistant", text: "", state: "waiting", inReplyTo: question.id };
    this.messages.push(question, answer);
    return { question, answer };
  }

  /**
   * The data of a `chat.reply`.
   *
   * @param {unknown} data
   * @returns {Message | undefined} the answer it changed; none when it is a repeat or for another tab
   */
  receive(data) {
    const { conversation, inReplyTo, phase, sequence, text, suggestions } = data ?? {};
    if (conversation !== this.id) return undefined;
    const answer = this.messages.find((message) => message.from === "assistant" && message.inReplyTo === inReplyTo);
    if (answer === undefined || answer.state === "done") return undefined;
    this.#questionOf(answer).state = "sent";
    if (phase === "done") {
      Object.assign(answer, { text: String(text ?? ""), state: "done", suggestions: suggestions ?? [] });
      this.#pieces.delete(answer.id);
      return answer;
    }
    const pieces = this.#pieces.get(answer.id) ?? new Map();
    this.#pieces.set(answer.id, pieces);
    if (pieces.has(sequence)) return undefined;
    pieces.set(sequence, phase === "delta" ? String(text ?? "") : "");
    answer.state = "streaming";
    answer.text = withoutGap(pieces);
    return answer;
  }

  /** The answer did not come in time; it may still, and then it is taken. */
  stall(answer) {
    if (answer.state === "waiting" || answer.state === "streaming") answer.state = "stalled";
  }

  /** The question did not reach the portal. */
  fail(answer) {
    this.#questionOf(answer).state = "failed";
    answer.state = "stalled";
    answer.unsent = true;
  }

  /** Asks the same question once more. */
  again(answer) {
    this.#questionOf(answer).state = "sending";
    answer.state = answer.text === "" ? "waiting" : "streaming";
    answer.unsent = false;
  }

  questionText(answer) {
    return this.#questionOf(answer).text;
  }

  clear() {
    this.messages = [];
    this.#pieces.clear();
    this.id = crypto.randomUUID();
  }

  #questionOf(answer) {
    return this.messages.find(({ id }) => id === answer.inReplyTo);
  }
}

/** Pieces up to the first that is missing: showing later ones would make false sentences. */
function withoutGap(pieces) {
  let text = "";
  for (let sequence = 0; pieces.has(sequence); sequence += 1) text += pieces.get(sequence);
  return text;
}
