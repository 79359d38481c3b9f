import { h } from "./kit.js";

/** A headline figure and how it moved. Whether a rise is good depends on the figure. */
export function figure(item, format) {
  const better = item.lowerIsBetter ? item.change < 0 : item.change > 0;
  const flat = Math.abs(item.change) < 0.0005;
  const tone = flat ? "flat" : better ? "better" : "worse";
  const words = flat ? "unchanged" : better ? "better than before" : "worse than before";
  return h("div", { class: "figure" },
    h("dt", { class: "muted small" }, item.label),
    h("dd", {},
      h("span", { class: "value num" }, format.figure(item)),
      h("span", { class: `change num ${tone}` }, format.change(item.change), h("span", { class: "sr" }, `, ${words}`))));
}

/** The same size as `figure`, while it is being fetched. */
export function figureBone() {
  return h("div", { class: "figure" }, h("div", { class: "bone label" }), h("div", { class: "bone value" }));
}
