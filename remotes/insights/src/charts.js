import { h, svg } from "./kit.js";
import { Plot } from "./plot.js";

/**
 * A line over time with the area below it; a pointer or the arrow keys read single days.
 *
 * @param {HTMLElement} container it fills its width and follows it
 * @param {{ date: string, value: number }[]} points
 * @param {ReturnType<import("./format.js").formats>} format
 * @returns {() => void} ends it
 */
export function areaChart(container, points, format) {
  const tip = h("p", { class: "tip num", hidden: true });
  const spoken = h("p", { class: "sr", role: "status" });
  const picture = svg("svg", { class: "area", tabindex: "0", role: "img", "aria-label": describe(points, format) });
  container.append(picture, tip, spoken);
  let plot;
  let chosen;

  const choose = (index, aloud) => {
    chosen = index;
    plot.mark(index);
    tip.hidden = index === undefined;
    if (index === undefined) return;
    const { date, value } = points[index];
    tip.replaceChildren(h("b", {}, format.number(value)), ` ${format.longDay(date)}`);
    const half = tip.offsetWidth / 2;
    tip.style.insetInlineStart = `${Math.min(Math.max(plot.x(index), half), plot.width - half)}px`;
    if (aloud) spoken.textContent = `${format.longDay(date)}: ${format.number(value)}`;
  };
  const redraw = () => {
    plot = new Plot(picture, points, container.clientWidth, format);
    choose(undefined);
  };
  picture.addEventListener("pointermove", (event) => choose(plot.nearest(event.offsetX)));
  picture.addEventListener("pointerleave", () => choose(undefined));
  picture.addEventListener("blur", () => choose(undefined));
  picture.addEventListener("keydown", (event) => {
    const next = step(event.key, chosen, points.length);
    if (next === undefined) return;
    event.preventDefault();
    choose(next, true);
  });

  const observer = new ResizeObserver(redraw);
  observer.observe(container);
  return () => observer.disconnect();
}

/** Names, bars and numbers, the longest first. */
export function barList(items, format) {
  const largest = Math.max(...items.map(({ actions }) => actions), 1);
  return h("ul", { class: "bars" }, ...items.map(({ name, actions }) => {
    const fill = h("span", { class: "fill" });
    fill.style.inlineSize = `${(actions / largest) * 100}%`;
    return h("li", {}, h("span", {}, name), h("span", { class: "num muted" }, format.number(actions)),
      h("span", { class: "track", "aria-hidden": "true" }, fill));
  }));
}

function step(key, chosen, count) {
  switch (key) {
    case "ArrowRight": return Math.min((chosen ?? -1) + 1, count - 1);
    case "ArrowLeft": return Math.max((chosen ?? count) - 1, 0);
    case "Home": return 0;
    case "End": return count - 1;
    default: return undefined;
  }
}

function describe(points, format) {
  const values = points.map(({ value }) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return `Line chart, ${format.day(points[0].date)} to ${format.day(points.at(-1).date)}, between ${format.number(low)} and `
    + `${format.number(high)} people. Arrow keys read single days.`;
}
