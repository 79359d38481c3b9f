import { svg } from "./kit.js";

const HEIGHT = 240;
const TOP = 12;
const BOTTOM = 28;
const LABELS = 40;

/** One drawing of a chart at one width. */
export class Plot {
  #dot = svg("circle", { class: "dot", r: 4.5, visibility: "hidden" });
  #rule = svg("line", { class: "rule", y1: TOP, y2: HEIGHT - BOTTOM, visibility: "hidden" });

  constructor(picture, points, width, format) {
    Object.assign(this, { points, width });
    this.ceiling = niceCeiling(Math.max(...points.map(({ value }) => value), 1));
    picture.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    picture.setAttribute("height", HEIGHT);
    picture.replaceChildren(...this.#grid(format), ...this.#area(), ...this.#days(format), this.#rule, this.#dot);
  }

  x(index) {
    return LABELS + (index / Math.max(this.points.length - 1, 1)) * (this.width - LABELS - 8);
  }

  /** The point under a pointer. */
  nearest(x) {
    const share = (x - this.x(0)) / (this.x(this.points.length - 1) - this.x(0));
    return Math.min(Math.max(Math.round(share * (this.points.length - 1)), 0), this.points.length - 1);
  }

  mark(index) {
    for (const part of [this.#dot, this.#rule]) part.setAttribute("visibility", index === undefined ? "hidden" : "visible");
    if (index === undefined) return;
    const x = this.x(index);
    this.#rule.setAttribute("x1", x);
    this.#rule.setAttribute("x2", x);
    this.#dot.setAttribute("cx", x);
    this.#dot.setAttribute("cy", this.#y(this.points[index].value));
  }

  #y(value) {
    return HEIGHT - BOTTOM - (value / this.ceiling) * (HEIGHT - TOP - BOTTOM);
  }

  #grid(format) {
    return [0, 0.5, 1].flatMap((share) => {
      const y = this.#y(this.ceiling * share);
      const text = svg("text", { class: "axis", x: LABELS - 8, y: y + 4, "text-anchor": "end" }, format.compact(this.ceiling * share));
      return [svg("line", { class: "grid", x1: LABELS, x2: this.width, y1: y, y2: y }), text];
    });
  }

  #area() {
    const line = this.points.map(({ value }, index) => `${this.x(index).toFixed(1)} ${this.#y(value).toFixed(1)}`).join("L");
    const floor = HEIGHT - BOTTOM;
    const closed = `M${this.x(0)} ${floor}L${line}L${this.x(this.points.length - 1)} ${floor}Z`;
    return [svg("path", { class: "below", d: closed }), svg("path", { class: "line", d: `M${line}` })];
  }

  /** As many dates as fit without touching. */
  #days(format) {
    const every = Math.max(1, Math.ceil(this.points.length / Math.max(2, Math.floor(this.width / 110))));
    return this.points.flatMap(({ date }, index) => {
      const fromEnd = this.points.length - 1 - index;
      if (fromEnd % every !== 0) return [];
      const anchor = fromEnd === 0 ? "end" : "middle";
      const x = fromEnd === 0 ? this.width - 1 : this.x(index);
      return x < LABELS + 12 ? [] : [svg("text", { class: "axis", x, y: HEIGHT - 8, "text-anchor": anchor }, format.day(date))];
    });
  }
}

/** The next round number whose half is round too. */
export function niceCeiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10].map((factor) => factor * power).find((candidate) => candidate >= value) ?? value;
}
