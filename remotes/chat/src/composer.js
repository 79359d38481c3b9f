import { h, icon } from "./kit.js";

/** Lines the box grows to before it scrolls. */
const LINES = 6;
/** Characters the assistant reads. */
const LIMIT = 4000;

/**
 * The box to write in: Enter sends, Shift and Enter starts a line.
 *
 * @param {{ send: (text: string) => void, compact: boolean }} options
 */
export function composer({ send, compact }) {
  const input = h("textarea", { class: "input", rows: "1", maxlength: LIMIT, placeholder: "Ask about the portal",
    "aria-label": "Your message", enterkeyhint: "send", oninput: grow, onkeydown: submitOnEnter });
  const button = h("button", { class: "button primary icon", type: "submit", "aria-label": "Send" }, icon("send", 18));
  const hint = h("p", { class: "hint muted" }, "Enter to send, Shift + Enter for a new line");
  const element = h("form", { class: "composer", onsubmit: submit }, h("div", { class: "box" }, input, button), compact ? null : hint);
  grow();
  return { element, focus: () => input.focus({ preventScroll: true }) };

  function submit(event) {
    event.preventDefault();
    const text = input.value.trim();
    if (text === "") return;
    input.value = "";
    grow();
    send(text);
  }

  function submitOnEnter(event) {
    // While an input method composes, Enter chooses a word.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    element.requestSubmit();
  }

  function grow() {
    input.rows = Math.min(LINES, input.value.split("\n").length);
    button.disabled = input.value.trim() === "";
  }
}
