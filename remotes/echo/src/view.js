import { parseExactly, pretty } from "./json.js";
import { h, state } from "./kit.js";

/** Replies kept on the page; older ones make room. */
const KEPT = 20;
const EXAMPLE = '{\n  "message": "Hello out there",\n  "count": 1\n}';

/** Publishes `echo.request` and lists every `echo.reply` of this person, from whichever tab it was asked. */
export class EchoView {
  /** When each text went out, so that a reply can tell how long it took. */
  #sent = [];

  constructor(ctx) {
    this.ctx = ctx;
    this.input = h("textarea", { class: "field code", rows: "6", spellcheck: "false", "aria-label": "JSON to send",
      "aria-describedby": "echo-problem", oninput: () => this.#complain(""), onkeydown: sendOnShortcut });
    this.input.value = EXAMPLE;
    this.problem = h("p", { id: "echo-problem", class: "problem small", role: "alert" });
    this.button = h("button", { class: "button primary", type: "submit" }, "Send");
    this.status = h("p", { class: "sr", role: "status" });
    this.replies = h("ol", { class: "replies", "aria-label": "Replies" });
    this.element = h("div", { class: "columns" }, this.#form(), this.#answers());
    this.#showEmpty();
  }

  start() {
    this.unsubscribe = this.ctx.events.subscribe("echo.reply", (event) => this.#received(event));
  }

  stop() {
    this.unsubscribe?.();
  }

  #form() {
    const foot = h("div", { class: "row" }, h("p", { class: "muted small grow" }, "Ctrl + Enter sends"), this.button);
    return h("form", { class: "panel pad", onsubmit: (event) => this.#submit(event) },
      h("h2", {}, "Request"),
      h("p", { class: "muted small" }, "Any JSON. It travels to Kafka as an event; a small service reads it and sends it back to you."),
      this.input, this.problem, foot);
  }

  #answers() {
    return h("div", { class: "panel pad" }, h("h2", {}, "Replies"), this.replies, this.status);
  }

  async #submit(event) {
    event.preventDefault();
    let data;
    try {
      data = parseExactly(this.input.value);
    } catch (error) {
      this.#complain(`Not JSON yet: ${error.message}`);
      this.input.focus();
      return;
    }
    this.#complain("");
    this.button.disabled = true;
    const key = JSON.stringify(data);
    const entry = { key, at: performance.now() };
    this.#sent.push(entry);
    try {
      await this.ctx.events.publish("echo.request", data);
    } catch (error) {
      this.#sent = this.#sent.filter((other) => other !== entry);
      this.#complain(`Not sent: ${error.message}`);
      this.ctx.reportError(error);
    } finally {
      this.button.disabled = false;
    }
  }

  #received({ id, data, time }) {
    if (this.replies.querySelector(`[data-id="${CSS.escape(id)}"]`) !== null) return;
    this.replies.querySelector(".nothing")?.remove();
    const took = this.#took(data);
    const clock = new Intl.DateTimeFormat(this.ctx.shell.locale, { timeStyle: "medium" }).format(time ? new Date(time) : new Date());
    const badge = took === undefined ? null : h("span", { class: "badge success num" }, `${took} ms`);
    this.replies.prepend(h("li", { "data-id": id },
      h("div", { class: "row" }, h("span", { class: "muted small num grow" }, clock), badge),
      h("pre", { class: "code", tabindex: "0" }, pretty(data))));
    while (this.replies.childElementCount > KEPT) this.replies.lastElementChild.remove();
    this.status.textContent = took === undefined ? "A reply arrived" : `A reply arrived after ${took} milliseconds`;
  }

  /** Milliseconds since the same data went out from here; none for another tab's. */
  #took(data) {
    const key = JSON.stringify(data);
    const index = this.#sent.findIndex((entry) => entry.key === key);
    if (index < 0) return undefined;
    const [{ at }] = this.#sent.splice(index, 1);
    return Math.round(performance.now() - at);
  }

  #complain(words) {
    this.problem.textContent = words;
    this.input.setAttribute("aria-invalid", String(words !== ""));
  }

  #showEmpty() {
    const nothing = state({ image: "repeat", title: "Nothing yet", text: "Send something, and it comes back here." });
    this.replies.append(h("li", { class: "nothing" }, nothing));
  }
}

/** @param {KeyboardEvent} event */
function sendOnShortcut(event) {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  event.currentTarget.form.requestSubmit();
}

