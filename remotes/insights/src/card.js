import { fetchSummary } from "./data.js";
import { figure, figureBone } from "./figures.js";
import { formats } from "./format.js";
import { h, state } from "./kit.js";

/** The week's headline figures, and how many people were active on each of its days where there is room. */
export class SummaryCard {
  constructor(ctx) {
    this.ctx = ctx;
    this.element = h("div", { class: "strip" });
  }

  async start() {
    this.element.replaceChildren(h("dl", { class: "figures", "aria-busy": "true" }, ...Array.from({ length: 4 }, figureBone)),
      h("div", { class: "week" }, h("div", { class: "bone" })));
    try {
      const { figures, series } = await fetchSummary(this.ctx, 7, this.ctx.signal);
      const format = formats(this.ctx.shell.locale);
      this.element.replaceChildren(h("dl", { class: "figures" }, ...figures.map((item) => figure(item, format))), week(series, format));
    } catch (error) {
      if (this.ctx.signal.aborted) return;
      const failed = { image: "alert", title: "No figures right now", text: error.message, action: () => this.start(), label: "Try again" };
      this.element.replaceChildren(state(failed));
    }
  }
}

/** A bar for each day. */
function week(series, format) {
  const largest = Math.max(...series.map(({ people }) => people), 1);
  const words = series.map(({ date, people }) => `${format.longDay(date)} ${format.number(people)}`).join(", ");
  return h("div", { class: "week", role: "img", "aria-label": `People per day: ${words}` }, ...series.map(({ date, people }, index) => {
    const bar = h("span", { class: "bar" });
    bar.style.blockSize = `${(people / largest) * 100}%`;
    const day = h("span", { class: index === series.length - 1 ? "day today" : "day" }, h("span", { class: "rod" }, bar), format.weekday(date));
    day.title = `${format.longDay(date)}: ${format.number(people)}`;
    return day;
  }));
}
