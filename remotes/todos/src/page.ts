import type { PlatformContext } from "@portico/contracts";
import { html, LitElement, nothing, type TemplateResult, unsafeCSS } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { TodosApi } from "./api.ts";
import { byUrgency } from "./due.ts";
import kit from "./kit.css?text";
import { TodoModel } from "./model.ts";
import css from "./todos.css?text";
import { bones, failure, row, state } from "./view.ts";

type Filter = "open" | "done" | "all";
const FILTERS: [Filter, string][] = [["open", "Open"], ["done", "Done"], ["all", "All"]];

/** The organization's list: filter, add, complete, delete. */
export class TodosPageElement extends LitElement {
  static override styles = [unsafeCSS(kit), unsafeCSS(css)];

  ctx!: PlatformContext;
  private model!: TodoModel;
  private filter: Filter = "open";
  private focused = -1;

  override connectedCallback(): void {
    super.connectedCallback();
    this.model = new TodoModel(new TodosApi(this.ctx), () => this.requestUpdate());
    void this.model.load();
  }

  /** The row that holds the focus: ticking or deleting may take it away. */
  protected override willUpdate(): void {
    const row = this.shadowRoot?.activeElement?.closest("li.todo");
    this.focused = row ? [...(row.parentElement?.children ?? [])].indexOf(row) : -1;
  }

  protected override updated(): void {
    if (this.focused < 0 || this.shadowRoot?.activeElement) return;
    const rows = this.renderRoot.querySelectorAll<HTMLInputElement>("li.todo .check");
    const next = rows[Math.min(this.focused, rows.length - 1)] ?? this.renderRoot.querySelector<HTMLInputElement>("[name=title]");
    next?.focus({ preventScroll: true });
  }

  override render(): TemplateResult {
    return html`<section class="pk page" aria-label="To-dos">
      ${this.model.state === "failed" ? this.failed() : html`${this.toolbar()}${this.model.problem ? this.refused() : nothing}
        <div class="panel">${this.mayWrite ? this.form() : nothing}${this.list()}</div>`}
    </section>`;
  }

  private get mayWrite(): boolean {
    return this.ctx.permissions.includes("todos.write");
  }

  private toolbar(): TemplateResult {
    const { items, state: phase } = this.model;
    const counts = { open: items.filter(({ done }) => !done).length, done: items.filter(({ done }) => done).length, all: items.length };
    return html`<div class="segments" role="group" aria-label="Show">${FILTERS.map(([filter, label]) => html`<button type="button"
      aria-pressed=${filter === this.filter} @click=${() => this.choose(filter)}>${label}
      <span class="count num">${phase === "ready" ? counts[filter] : ""}</span></button>`)}</div>`;
  }

  private form(): TemplateResult {
    return html`<form class="add" @submit=${this.add}>
      <input class="field grow" name="title" maxlength="200" required autocomplete="off" placeholder="Add a to-do" aria-label="New to-do">
      <input class="field date" name="due" type="date" aria-label="Due (optional)">
      <button class="button primary" type="submit">Add</button>
    </form>`;
  }

  private list(): TemplateResult {
    const { items, state: phase } = this.model;
    if (phase === "loading" && items.length === 0) return html`<p class="sr" role="status">Loading</p>${bones(6)}`;
    const shown = items.filter(({ done }) => this.filter === "all" || done === (this.filter === "done")).sort(byUrgency);
    if (shown.length === 0) return this.empty();
    const write = this.mayWrite;
    const actions = {
      locale: this.ctx.shell.locale,
      complete: write ? this.model.complete.bind(this.model) : undefined,
      remove: write ? this.model.remove.bind(this.model) : undefined,
    };
    return html`<ul class="list" aria-label="To-dos">${repeat(shown, ({ id }) => id, (todo) => row(todo, actions))}</ul>`;
  }

  private empty(): TemplateResult {
    if (this.filter === "done") return state("Nothing finished yet", "What you tick off shows up here.");
    if (this.model.items.length === 0) return state("Nothing to do", "Write down the first thing that should get done.");
    return state("All done", "Nothing is open. Enjoy the quiet, or add what comes next.");
  }

  private refused(): TemplateResult {
    return html`<p class="refused small" role="alert">${this.model.problem}</p>`;
  }

  private failed(): TemplateResult {
    return html`<div class="panel">${failure(this.model.problem, () => void this.model.load())}</div>`;
  }

  private choose(filter: Filter): void {
    this.filter = filter;
    this.requestUpdate();
  }

  private add(event: SubmitEvent): void {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const data = new FormData(form);
    const title = String(data.get("title")).trim();
    if (title === "") return;
    void this.model.add(title, String(data.get("due")) || null);
    form.reset();
    form.querySelector<HTMLInputElement>("[name=title]")?.focus();
    if (this.filter === "done") this.choose("open");
  }
}
