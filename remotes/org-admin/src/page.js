import { filterMembers } from "./filter.js";
import { h, icon, readAnswer, state } from "./kit.js";
import { facts, factsBone, memberRow, rowBone } from "./parts.js";

const ROLES = [["all", "Everyone"], ["admin", "Admins"], ["member", "Members"]];
const COLUMNS = ["Name", "Role", "Status", "Last seen"];

/** The organization's facts, and the table of its members. */
export class DirectoryPage {
  #members = [];
  #wanted = { text: "", role: "all" };

  constructor(ctx) {
    this.ctx = ctx;
    this.facts = h("dl", { class: "facts panel" });
    this.count = h("span", { class: "muted small", role: "status" });
    this.rows = h("tbody");
    this.notice = h("div");
    const head = h("thead", {}, h("tr", {}, ...COLUMNS.map((name) => h("th", { scope: "col" }, name))));
    this.table = h("table", { "aria-label": "Members" }, head, this.rows);
    this.directory = h("div", { class: "directory panel" }, this.#toolbar(), this.table, this.notice);
    this.failure = h("div", { class: "panel", hidden: true });
    this.element = h("div", { class: "page-stack" }, this.facts, this.failure, this.directory);
  }

  async start() {
    this.failure.hidden = true;
    this.facts.hidden = this.directory.hidden = false;
    this.facts.replaceChildren(...factsBone());
    this.rows.replaceChildren(...Array.from({ length: 5 }, rowBone));
    this.notice.replaceChildren();
    try {
      const { legs: { organization, members } } = await this.#read("/overview");
      this.#members = members.body.items;
      this.facts.replaceChildren(...facts(organization.body, this.ctx.shell.locale));
      this.#showMembers();
    } catch (error) {
      if (!this.ctx.signal.aborted) this.#fail(error);
    }
  }

  async #read(path) {
    return readAnswer(this.ctx.fetch(path, { signal: this.ctx.signal }));
  }

  #toolbar() {
    const search = h("input", { class: "field", type: "search", placeholder: "Find a person", "aria-label": "Find a person",
      oninput: ({ target }) => this.#filter({ text: target.value }) });
    this.roles = h("div", { class: "segments", role: "group", "aria-label": "Role" }, ...ROLES.map(([role, label]) =>
      h("button", { type: "button", "data-role": role, "aria-pressed": String(role === "all"), onclick: () => this.#filter({ role }) }, label)));
    return h("div", { class: "row wrap toolbar" }, h("h2", {}, "Members"), this.count, h("div", { class: "grow" }),
      h("div", { class: "search" }, icon("search", 16), search), this.roles);
  }

  #filter(change) {
    Object.assign(this.#wanted, change);
    for (const button of this.roles.children) button.setAttribute("aria-pressed", String(button.dataset.role === this.#wanted.role));
    this.#showMembers();
  }

  #showMembers() {
    const shown = filterMembers(this.#members, this.#wanted);
    const now = new Date();
    this.count.textContent = shown.length === this.#members.length ? `${shown.length}` : `${shown.length} of ${this.#members.length}`;
    this.rows.replaceChildren(...shown.map((member) => memberRow(member, now, this.ctx.shell.locale)));
    this.table.hidden = shown.length === 0;
    this.notice.replaceChildren(...(shown.length === 0 ? [this.#empty()] : []));
  }

  #empty() {
    if (this.#members.length === 0) {
      return state({ image: "people", title: "Nobody here yet", text: "People appear here once they join this organization." });
    }
    return state({ image: "search", title: "Nobody matches", text: "Try another name, or show everyone.",
      label: "Show everyone", action: () => this.#reset() });
  }

  #reset() {
    const search = this.directory.querySelector("input");
    search.value = "";
    search.focus();
    this.#filter({ text: "", role: "all" });
  }

  #fail(error) {
    this.facts.hidden = this.directory.hidden = true;
    this.failure.hidden = false;
    this.failure.replaceChildren(state({ image: "alert", title: "The directory could not be loaded", text: error.message,
      action: () => this.start(), label: "Try again", role: "alert" }));
  }
}
