import { fetchSummary } from "./data.js";
import { figure, figureBone } from "./figures.js";
import { formats } from "./format.js";
import { h, state } from "./kit.js";
import { LivePanel } from "./live.js";

const PERIODS = [7, 30, 90];

/** A period's figures, its course, what was used most, and what happens right now. */
export class SummaryPage {
  #days = 30;
  #request;
  #chart;

  constructor(ctx) {
    this.ctx = ctx;
    this.format = formats(ctx.shell.locale);
    this.live = new LivePanel(ctx, this.format);
    this.period = h("p", { class: "muted small" });
    this.choice = h("div", { class: "segments", role: "group", "aria-label": "Period" }, ...PERIODS.map((days) =>
      h("button", { type: "button", "data-days": days, onclick: () => this.#choose(days) }, `${days} days`)));
    this.figures = h("dl", { class: "figures panel" });
    this.course = h("div", { class: "course panel" });
    this.shares = h("div", { class: "shares panel" });
    this.failure = h("div", { class: "panel", hidden: true });
    this.body = h("div", { class: "body" }, this.figures, this.course, h("div", { class: "pair" }, this.shares, this.live.element));
    this.element = h("div", { class: "page-stack" },
      h("div", { class: "row wrap head" }, h("div", { class: "grow" }, this.period), this.choice), this.failure, this.body);
  }

  start() {
    this.#choose(this.#days);
    this.live.start();
  }

  stop() {
    this.#request?.abort();
    this.#chart?.();
    this.live.stop();
  }

  async #choose(days) {
    this.#days = days;
    for (const button of this.choice.children) button.setAttribute("aria-pressed", String(Number(button.dataset.days) === days));
    this.#request?.abort();
    const request = (this.#request = new AbortController());
    this.#busy();
    try {
      // The drawing code is a chunk of its own: it arrives while the figures are fetched.
      const [summary, charts] = await Promise.all([fetchSummary(this.ctx, days, request.signal), import("./charts.js")]);
      if (!request.signal.aborted) this.#show(summary, charts);
    } catch (error) {
      if (!request.signal.aborted) this.#fail(error);
    }
  }

  #busy() {
    this.body.setAttribute("aria-busy", "true");
    if (this.figures.childElementCount > 0) return; // A change of period keeps the old figures until the new ones are here.
    this.period.textContent = "\u00a0";
    this.figures.replaceChildren(...Array.from({ length: 4 }, figureBone));
    this.course.replaceChildren(h("div", { class: "bone tall" }));
    this.shares.replaceChildren(h("div", { class: "bone tall" }));
  }

  #show(summary, { areaChart, barList }) {
    const { format } = this;
    this.body.removeAttribute("aria-busy");
    this.failure.hidden = true;
    this.body.hidden = false;
    this.period.textContent = `${format.day(summary.from)} – ${format.day(summary.to)}, compared with the ${this.#days} days before`;
    this.figures.replaceChildren(...summary.figures.map((item) => figure(item, format)));
    const plot = h("div", { class: "plot" });
    this.#chart?.();
    this.course.replaceChildren(h("h2", {}, "Active people per day"), plot, table(summary.series, format));
    this.#chart = areaChart(plot, summary.series.map(({ date, people }) => ({ date, value: people })), format);
    this.shares.replaceChildren(h("h2", {}, "Most used"), barList(summary.remotes, format));
  }

  #fail(error) {
    const again = () => this.#choose(this.#days);
    this.failure.replaceChildren(state({ image: "alert", title: "The figures could not be loaded", text: error.message,
      action: again, label: "Try again", role: "alert" }));
    this.failure.hidden = false;
    this.body.hidden = true;
  }
}

/** The same numbers for those who would rather read than look. */
function table(series, format) {
  const row = ({ date, people, actions }) => h("tr", {}, h("th", { scope: "row" }, format.longDay(date)),
    h("td", { class: "num" }, format.number(people)), h("td", { class: "num" }, format.number(actions)));
  const head = h("tr", {}, ...["Day", "People", "Actions"].map((name) => h("th", { scope: "col" }, name)));
  return h("details", {}, h("summary", { class: "small" }, "As a table"),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Active people per day, as a table" },
      h("table", {}, h("thead", {}, head), h("tbody", {}, ...series.map(row)))));
}
