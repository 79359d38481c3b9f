import { composer } from "./composer.js";
import { h, readAnswer } from "./kit.js";
import { bubble, welcome } from "./bubbles.js";

/** Milliseconds without a sign of an answer before the person is offered to ask again. */
const PATIENCE = 12_000;

/** The log of messages and the box to write in, kept in step with a conversation. */
export class ChatView {
  #suggestions = [];
  #timers = new Map();
  #rows = new Map();

  /**
   * @param {import("./conversation.js").Conversation} conversation
   * @param {import("@portico/contracts").PlatformContext} ctx
   * @param {"page" | "card"} size
   */
  constructor(conversation, ctx, size) {
    Object.assign(this, { conversation, ctx, size });
    // Announced once complete: reading every piece aloud would drown the person in fragments.
    this.status = h("p", { class: "sr", role: "status" });
    this.log = h("div", { class: "log", role: "log", "aria-live": "off", "aria-label": "Messages", tabindex: "0" });
    this.composer = composer({ send: (text) => this.#ask(text), compact: size === "card" });
    this.fresh = h("button", { class: "button plain fresh", type: "button", onclick: () => this.#clear() }, "New conversation");
    this.element = h("div", { class: "frame panel" }, this.fresh, this.log, this.composer.element, this.status);
  }

  start() {
    this.unsubscribe = this.ctx.events.subscribe("chat.reply", ({ data }) => this.#received(data));
    for (const message of this.conversation.messages) {
      // Pieces sent while nobody listened are gone; the person can ask again.
      if (message.from === "assistant") this.conversation.stall(message);
    }
    this.#renderAll();
    this.#loadSuggestions();
  }

  stop() {
    this.unsubscribe?.();
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  async #loadSuggestions() {
    try {
      const { items } = await readAnswer(this.ctx.fetch("/suggestions", { signal: this.ctx.signal }));
      this.#suggestions = items;
      if (this.conversation.messages.length === 0) this.#renderAll();
    } catch {
      // Suggestions are a convenience; the box to write in is there without them.
    }
  }

  async #ask(text) {
    const { answer } = this.conversation.ask(text);
    this.#renderAll();
    this.#toEnd();
    await this.#publish(answer);
  }

  async #publish(answer) {
    const data = { conversation: this.conversation.id, message: answer.inReplyTo, text: this.conversation.questionText(answer) };
    this.#expect(answer);
    try {
      await this.ctx.events.publish("chat.message", data);
    } catch (error) {
      if (this.ctx.signal.aborted) return;
      clearTimeout(this.#timers.get(answer.id));
      this.conversation.fail(answer);
      this.#renderAll();
      this.ctx.reportError(error);
    }
  }

  #again(answer) {
    this.conversation.again(answer);
    this.#renderAll();
    this.composer.focus();
    this.#publish(answer);
  }

  #received(data) {
    const answer = this.conversation.receive(data);
    if (answer === undefined) return;
    const following = this.#atEnd();
    if (answer.state === "done") {
      clearTimeout(this.#timers.get(answer.id));
      this.status.textContent = answer.text;
      this.#renderAll();
    } else {
      this.#expect(answer);
      this.#renderRow(answer);
    }
    if (following) this.#toEnd();
  }

  /** Each sign of the answer starts the wait anew. */
  #expect(answer) {
    clearTimeout(this.#timers.get(answer.id));
    const timer = setTimeout(() => {
      this.conversation.stall(answer);
      this.#renderAll();
      this.status.textContent = "No answer yet.";
    }, PATIENCE);
    this.#timers.set(answer.id, timer);
  }

  #clear() {
    this.stop();
    this.conversation.clear();
    this.start();
    this.composer.focus();
  }

  #renderAll() {
    const { messages } = this.conversation;
    this.#rows = new Map(messages.map((message) => [message.id, this.#row(message, message === messages.at(-1))]));
    const first = messages.length === 0 && welcome(this.ctx.user.name, this.#suggestions, this.#pick, this.size);
    this.log.replaceChildren(...(first ? [first] : this.#rows.values()));
    this.fresh.hidden = this.size === "card" || messages.length === 0;
  }

  #renderRow(message) {
    const row = this.#row(message, true);
    this.#rows.get(message.id)?.replaceWith(row);
    this.#rows.set(message.id, row);
  }

  #row(message, last) {
    return bubble(message, { last, pick: this.#pick, again: () => this.#again(message) });
  }

  #pick = (text) => {
    this.composer.focus();
    this.#ask(text);
  };

  #atEnd() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 80;
  }

  #toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
  }
}
