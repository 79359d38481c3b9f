import type { PlatformContext } from "@portico/contracts";

/** An item, as openapi.yaml has it. */
export interface Todo {
  id: string;
  title: string;
  done: boolean;
  /** A date such as 2027-03-31. */
  due: string | null;
  createdAt: string;
}

type Caller = Pick<PlatformContext, "fetch" | "signal">;

/** The to-do service, reached through the portal. Every call rejects with a sentence a person can read. */
export class TodosApi {
  constructor(private readonly ctx: Caller) {}

  async list(): Promise<Todo[]> {
    return (await this.call<{ items: Todo[] }>("GET", "/todos")).items;
  }

  add(title: string, due: string | null): Promise<Todo> {
    return this.call("POST", "/todos", { title, due });
  }

  complete(id: string, done: boolean): Promise<Todo> {
    return this.call("PATCH", `/todos/${encodeURIComponent(id)}`, { done });
  }

  async remove(id: string): Promise<void> {
    await this.call("DELETE", `/todos/${encodeURIComponent(id)}`);
  }

  private async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const content = body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    // A change that is under way goes on when the person walks to another page; only reading stops.
    const signal = method === "GET" ? this.ctx.signal : undefined;
    const response = await this.ctx.fetch(path, { method, signal, ...content }).catch((cause: unknown) => {
      throw new Error("The portal could not be reached. Check your connection and try again.", { cause });
    });
    if (!response.ok) {
      const problem = (await response.json().catch(() => ({}))) as { detail?: string };
      throw new Error(problem.detail ?? `The service answered with status ${response.status}.`);
    }
    return (response.status === 204 ? undefined : await response.json()) as T;
  }
}
