import type { PlatformContext } from "@portico/contracts";
import { html, LitElement, type TemplateResult, unsafeCSS } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { TodosApi } from "./api.ts";
import { byUrgency } from "./due.ts";
import kit from "./kit.css?text";
import { TodoModel } from "./model.ts";
import css from "./todos.css?text";
import { bones, failure, row, state } from "./view.ts";

/** Rows that fit the height the manifest asks for. */
const ROWS = 5;
/** Milliseconds that a ticked item stays, so that a slip can be undone where it happened. */
const LINGER = 1_500;

/** What is due next, to be ticked off in place. */
export class TodosCardElement extends LitElement {
  static override styles = [unsafeCSS(kit), unsafeCSS(css)];

  ctx!: PlatformContext;
  private model!: TodoModel;
  private readonly lingering = new Set<string>();

  override connectedCallback(): void {
    super.connectedCallback();
    this.model = new TodoModel(new TodosApi(this.ctx), () => this.requestUpdate());
    void this.model.load();
  }

  override render(): TemplateResult {
    return html`<section class="pk card" aria-label="Due next">${this.content()}</section>`;
  }

  private content(): TemplateResult {
    const { items, state: phase, problem } = this.model;
    if (phase === "failed") return failure(problem, () => void this.model.load());
    if (phase === "loading") return bones(ROWS);
    // A ticked item keeps its place while it lingers.
    const open = items
      .filter(({ done, id }) => !done || this.lingering.has(id))
      .sort((left, right) => byUrgency({ ...left, done: false }, { ...right, done: false }));
    if (open.length === 0) return state("All done", "Nothing is due. Well done.", this.more("Open to-dos"));
    const complete = this.ctx.permissions.includes("todos.write") ? this.complete : undefined;
    const more = open.length - ROWS;
    return html`<ul class="list">${repeat(open.slice(0, ROWS), ({ id }) => id, (todo) => row(todo, { locale: this.ctx.shell.locale, complete }))}</ul>
      <p class="foot row">${problem ? html`<span class="refused small" role="alert">${problem}</span>` : ""}
        ${this.more(more > 0 ? `${more} more` : "All to-dos")}</p>`;
  }

  private more(label: string): TemplateResult {
    return html`<a class="button plain" href="/todos" @click=${this.open}>${label}</a>`;
  }

  private readonly complete = (todo: Parameters<TodoModel["complete"]>[0], done: boolean): void => {
    this.lingering.add(todo.id);
    void this.model.complete(todo, done);
    setTimeout(() => {
      this.lingering.delete(todo.id);
      this.requestUpdate();
    }, LINGER);
  };

  private open(event: MouseEvent): void {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    this.ctx.navigate("/todos");
  }
}
