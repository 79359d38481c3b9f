import { adopt, h } from "./kit.js";
import { EchoView } from "./view.js";
import css from "./page.css?text";

/**
 * A box for JSON, and what came back from Kafka.
 *
 * @param {HTMLElement} el
 * @param {import("@portico/contracts").PlatformContext} ctx
 */
export function EchoPage(el, ctx) {
  const withdraw = adopt(el, css);
  const view = new EchoView(ctx);
  const root = h("section", { class: "pk echo" }, view.element);
  el.append(root);
  view.start();
  return () => {
    view.stop();
    root.remove();
    withdraw();
  };
}
