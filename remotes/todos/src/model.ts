import type { Todo, TodosApi } from "./api.ts";

type Service = Pick<TodosApi, "list" | "add" | "complete" | "remove">;

/**
 * The list as the person sees it. A change shows at once and is taken back, with a reason, when the service refuses it.
 */
export class TodoModel {
  items: Todo[] = [];
  state: "loading" | "ready" | "failed" = "loading";
  /** Why the list could not be read, or why the last change was taken back. */
  problem = "";

  constructor(
    private readonly service: Service,
    private readonly changed: () => void,
  ) {}

  async load(): Promise<void> {
    this.show({ state: "loading", problem: "" });
    try {
      this.show({ items: await this.service.list(), state: "ready" });
    } catch (error) {
      this.show({ state: "failed", problem: words(error) });
    }
  }

  async add(title: string, due: string | null): Promise<void> {
    const draft: Todo = { id: `draft-${crypto.randomUUID()}`, title, due, done: false, createdAt: new Date().toISOString() };
    this.show({ items: [...this.items, draft], problem: "" });
    try {
      const saved = await this.service.add(title, due);
      this.replace(draft.id, saved);
    } catch (error) {
      const rest = this.items.filter(({ id }) => id !== draft.id);
      this.show({ items: rest, problem: `"${title}" was not added. ${words(error)}` });
    }
  }

  async complete(todo: Todo, done: boolean): Promise<void> {
    this.replace(todo.id, { ...todo, done }, "");
    try {
      this.replace(todo.id, await this.service.complete(todo.id, done));
    } catch (error) {
      this.replace(todo.id, todo, `"${todo.title}" was not changed. ${words(error)}`);
    }
  }

  async remove(todo: Todo): Promise<void> {
    const place = this.items.findIndex(({ id }) => id === todo.id);
    this.show({ items: this.items.filter(({ id }) => id !== todo.id), problem: "" });
    try {
      await this.service.remove(todo.id);
    } catch (error) {
      const items = [...this.items.slice(0, place), todo, ...this.items.slice(place)];
      this.show({ items, problem: `"${todo.title}" was not deleted. ${words(error)}` });
    }
  }

  private replace(id: string, todo: Todo, problem = this.problem): void {
    this.show({ items: this.items.map((item) => (item.id === id ? todo : item)), problem });
  }

  private show(change: Partial<Pick<TodoModel, "items" | "state" | "problem">>): void {
    Object.assign(this, change);
    this.changed();
  }
}

/** An item that the service has not confirmed yet has no id to change it by. */
export function isDraft(todo: Todo): boolean {
  return todo.id.startsWith("draft-");
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
