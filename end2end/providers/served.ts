import type { Page } from "@playwright/test";
import { SERVED_BY } from "./balancer.ts";

interface Answer {
  page: Page;
  /** `document`, `fetch`, `eventsource` and so on, as the browser calls it. */
  kind: string;
  path: string;
  instance: string;
}

/** Writes down which instance answered what, from when a page is followed. */
export class Served {
  readonly #answers: Answer[] = [];

  follow(page: Page): void {
    page.on("response", (response) => {
      const instance = response.headers()[SERVED_BY];
      // The provider's own answers have none.
      if (instance === undefined) return;
      const request = response.request();
      this.#answers.push({ page, kind: request.resourceType(), path: new URL(request.url()).pathname, instance });
    });
  }

  /** The instances that answered requests of this kind, each once, in order. */
  instances(kind: string): string[] {
    return [...new Set(this.#answers.filter((answer) => answer.kind === kind).map(({ instance }) => instance))].sort();
  }

  /** The instance that answered this path last. */
  of(path: string, page?: Page): string | undefined {
    return this.#answers.findLast((answer) => answer.path === path && (page === undefined || answer.page === page))?.instance;
  }
}
