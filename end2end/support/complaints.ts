import type { BrowserContext, ConsoleMessage } from "@playwright/test";

/** Playwright's own script, in an answer that is no page and may run none. */
const OWN_SCRIPT = /^error: Blocked script execution in '[^']*\/(api|auth|remotes)\/[^']*' because the document's frame is sandboxed/;

/** A measurement on its way while its session ended: by a login or a logout in another tab, say. Nobody waits for it. */
const LATE_MEASUREMENT = /status of 401 .*\/api\/platform\/rum\)$/;

/**
 * Everything a browser complained about: console warnings and errors (hydration mismatches and policy violations among
 * them), uncaught exceptions, and reports sent to the portal. A test ends well only if it named every one of them.
 */
export class Complaints {
  readonly #heard: string[] = [];
  readonly #allowed: RegExp[] = [OWN_SCRIPT, LATE_MEASUREMENT];

  /** Listens to every page of a context. */
  follow(context: BrowserContext): void {
    context.on("console", (message) => this.#console(message));
    context.on("weberror", (error) => this.#heard.push(`uncaught: ${error.error().message}`));
    context.on("request", (request) => {
      if (new URL(request.url()).pathname === "/api/platform/reports") this.#heard.push(`report: ${request.postData()}`);
    });
  }

  /** Says that a test provokes this. Give the narrowest words that tell it from anything else. */
  allow(...patterns: RegExp[]): void {
    this.#allowed.push(...patterns);
  }

  /** What nobody expected. */
  unexpected(): string[] {
    return this.#heard.filter((text) => !this.#allowed.some((pattern) => pattern.test(text)));
  }

  /** All of them that match. */
  matching(pattern: RegExp): string[] {
    return this.#heard.filter((text) => pattern.test(text));
  }

  #console(message: ConsoleMessage): void {
    if (!["warning", "error", "assert"].includes(message.type())) return;
    const { url } = message.location();
    this.#heard.push(`${message.type()}: ${message.text()}${url ? ` (${url})` : ""}`);
  }
}
