import { fetchSummary } from "./data.js";
import { figure, figureBone } from "./figures.js";
import { formats } from "./format.js";
import { h, state } from "./kit.js";

/** The week's headline figures in one line. */
export class SummaryCard {
  constructor(ctx) {
    this.ctx = ctx;
    this.element = h("div", { class: "strip" });
  }

  async start() {
    this.element.replaceChildren(h("dl", { class: "figures", "aria-busy": "true" }, ...Array.from({ length: 4 }, figureBone)));
    try {
      const { figures } = await fetchSummary(this.ctx, 7, this.ctx.signal);
      const format = formats(this.ctx.shell.locale);
      this.element.replaceChildren(h("dl", { class: "figures" }, ...figures.map((item) => figure(item, format))));
    } catch (error) {
      if (this.ctx.signal.aborted) return;
      const failed = { image: "alert", title: "No figures right now", text: error.message, action: () => this.start(), label: "Try again" };
      this.element.replaceChildren(state(failed));
    }
  }
}
