import { adopt, h } from "./kit.js";
import { conversationFor } from "./memory.js";
import { ChatView } from "./view.js";
import css from "./page.css?text";

/**
 * The chat page.
 *
 * @param {HTMLElement} el
 * @param {import("@portico/contracts").PlatformContext} ctx
 */
export function ChatPage(el, ctx) {
  return mountChat(el, ctx, "page");
}

/** The same conversation in a card. */
export function ChatCard(el, ctx) {
  return mountChat(el, ctx, "card");
}

function mountChat(el, ctx, size) {
  const withdraw = adopt(el, css);
  const view = new ChatView(conversationFor(ctx), ctx, size);
  const root = h("section", { class: `pk chat ${size}`, "aria-label": "Chat with the portal's assistant" }, view.element);
  el.append(root);
  view.start();
  return () => {
    view.stop();
    root.remove();
    withdraw();
  };
}
