import { fetchLive } from "./data.js";
import { h, svg } from "./kit.js";

/** Milliseconds between two looks while the page is visible. */
const EVERY = 5_000;
const WIDTH = 240;
const HEIGHT = 56;

/** People in the portal right now. Fails by itself: the rest of the page does not depend on it. */
export class LivePanel {
  #timer;

  constructor(ctx, format) {
    Object.assign(this, { ctx, format });
    this.badge = h("span", { class: "badge" }, "Connecting");
    this.people = h("p", { class: "now num" }, "–");
    this.detail = h("p", { class: "muted small" }, "\u00a0");
    this.line = svg("path", { class: "spark", "vector-effect": "non-scaling-stroke" });
    const spark = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" }, this.line);
    this.element = h("div", { class: "live panel" },
      h("div", { class: "row" }, h("h2", { class: "grow" }, "Right now"), this.badge), this.people, this.detail, spark);
  }

  start() {
    this.ctx.signal.addEventListener("abort", () => this.stop(), { once: true });
    this.#look();
  }

  stop() {
    clearTimeout(this.#timer);
  }

  async #look() {
    if (!document.hidden) await this.#refresh();
    if (!this.ctx.signal.aborted) this.#timer = setTimeout(() => this.#look(), EVERY);
  }

  async #refresh() {
    try {
      this.#show(await fetchLive(this.ctx));
    } catch {
      if (this.ctx.signal.aborted) return;
      this.#mark("warning", "Not reachable");
    }
  }

  #show({ people, actionsPerMinute, recent }) {
    this.#mark("success", "Live");
    this.people.textContent = this.format.number(people);
    this.detail.textContent = `people, ${this.format.number(actionsPerMinute)} actions a minute`;
    const low = Math.min(...recent) * 0.9;
    const height = Math.max(...recent) - low || 1;
    const points = recent.map((value, index) =>
      `${((index / (recent.length - 1)) * WIDTH).toFixed(1)} ${(HEIGHT - 3 - ((value - low) / height) * (HEIGHT - 6)).toFixed(1)}`);
    this.line.setAttribute("d", `M${points.join("L")}`);
  }

  #mark(tone, words) {
    this.badge.className = `badge ${tone}`;
    this.badge.textContent = words;
  }
}
