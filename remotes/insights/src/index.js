import { SummaryCard } from "./card.js";
import { adopt, h } from "./kit.js";
import { SummaryPage } from "./page.js";
import css from "./page.css?text";

/**
 * The page of charts.
 *
 * @param {HTMLElement} el
 * @param {import("@portico/contracts").PlatformContext} ctx
 */
export function InsightsPage(el, ctx) {
  return show(el, new SummaryPage(ctx), "page");
}

/** The week's figures, for the home page. */
export function InsightsCard(el, ctx) {
  return show(el, new SummaryCard(ctx), "card");
}

function show(el, view, size) {
  const withdraw = adopt(el, css);
  const root = h("section", { class: `pk insights ${size}` }, view.element);
  el.append(root);
  view.start();
  return () => {
    view.stop?.();
    root.remove();
    withdraw();
  };
}
