import { h, icon, svg } from "./kit.js";

/**
 * One message with what may be done about it.
 *
 * @param {import("./conversation.js").Message} message
 * @param {{ last: boolean, pick: (text: string) => void, again: () => void }} options
 */
export function bubble(message, { last, pick, again }) {
  const own = message.from === "person";
  const author = h("span", { class: "sr" }, own ? "You: " : "Assistant: ");
  const body = h("div", { class: "bubble" }, author, content(message));
  const suggestions = last && message.state === "done" ? chips(message.suggestions ?? [], pick) : null;
  return h("div", { class: `message ${message.from} ${message.state}` },
    own ? null : face(),
    h("div", { class: "stack" }, body, own ? delivery(message) : stalled(message, again), suggestions));
}

/** What a new conversation opens with. */
export function welcome(name, suggestions, pick, size) {
  const [first] = name.split(" ");
  return h("div", { class: "welcome" },
    size === "page" ? face(44) : null,
    size === "page" ? h("h2", {}, `Hello ${first}, how can I help?`) : null,
    h("p", { class: "muted small" }, "I know how this portal works. Ask me anything about it."),
    chips(size === "page" ? suggestions : suggestions.slice(0, 3), pick));
}

function content({ state, text }) {
  if (state === "waiting") return dots();
  return h("p", { class: "text" }, text, state === "streaming" ? h("span", { class: "caret", "aria-hidden": "true" }) : null);
}

function dots() {
  const label = h("span", { class: "sr" }, "is writing");
  return h("span", { class: "dots" }, label, h("i"), h("i"), h("i"));
}

function delivery({ state }) {
  if (state !== "failed") return null;
  return h("p", { class: "note danger" }, "Not sent");
}

function stalled({ state, text, unsent }, again) {
  if (state !== "stalled") return null;
  const words = text === "" ? "No answer came." : "The answer broke off.";
  return h("p", { class: "note row" }, unsent ? null : words,
    h("button", { class: "button plain", type: "button", onclick: again }, icon("repeat", 16), unsent ? "Try again" : "Ask again"));
}

function chips(suggestions, pick) {
  if (suggestions.length === 0) return null;
  const chip = (text) => h("li", {}, h("button", { class: "chip", type: "button", onclick: () => pick(text) }, text));
  return h("ul", { class: "chips", "aria-label": "Suggested questions" }, ...suggestions.map(chip));
}

/** A doorway, for a portico. */
function face(size = 28) {
  const mark = svg("svg", { width: size * 0.57, height: size * 0.57, viewBox: "0 0 16 16", fill: "none" },
    svg("path", { d: "M2 6.2 8 2.5l6 3.7M3.5 13.5V7.5m3 6v-6m3 6v-6m3 6v-6M2 13.5h12", stroke: "currentColor", "stroke-width": "1.4",
      "stroke-linecap": "round", "stroke-linejoin": "round" }));
  return h("span", { class: size > 28 ? "face large" : "face", "aria-hidden": "true" }, mark);
}
