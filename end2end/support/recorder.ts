import type { CDPSession, Page } from "@playwright/test";
import type { Trace } from "./scanner.ts";

interface Paused {
  requestId: string;
  request: { url: string; method: string };
  responseStatusCode?: number;
  responseErrorReason?: string;
  responseHeaders?: { name: string; value: string }[];
}

/**
 * Writes down everything one page gets and says: requests with their headers and bodies, responses with theirs (each
 * body is taken before the page sees it, so that none is lost to a navigation), stream events, the console, and at any
 * moment the document, shadow roots included, and what is stored.
 */
export class Recorder {
  readonly traces: Trace[] = [];
  /** Responses whose body could not be read; a test that scans must see none. */
  readonly unread: string[] = [];

  private constructor(
    private readonly page: Page,
    private readonly session: CDPSession,
  ) {}

  /** Begins to record; call it before the page's first navigation. */
  static async follow(page: Page): Promise<Recorder> {
    const recorder = new Recorder(page, await page.context().newCDPSession(page));
    await recorder.#start();
    return recorder;
  }

  /** Writes down the page as it is: document, shadow roots, storage, readable cookies. */
  async snapshot(): Promise<void> {
    const origin = new URL(this.page.url()).pathname;
    const kept = await this.page.evaluate(collect);
    for (const [what, text] of Object.entries(kept)) this.#note(`${what} at ${origin}`, text);
    // Every cookie, the one that script cannot read too: an id, not a token.
    this.#note(`cookies at ${origin}`, JSON.stringify(await this.page.context().cookies()));
  }

  async #start(): Promise<void> {
    const { session } = this;
    session.on("Network.requestWillBeSent", ({ request }) => {
      this.#note(`request ${request.method} ${request.url}`, `${request.url}\n${JSON.stringify(request.headers)}\n${request.postData ?? ""}`);
    });
    session.on("Network.requestWillBeSentExtraInfo", ({ headers }) => {
      this.#note(`request headers on the wire to ${headers["Host"] ?? headers[":authority"]}`, JSON.stringify(headers));
    });
    session.on("Network.responseReceivedExtraInfo", ({ headers }) => this.#note("response headers on the wire", JSON.stringify(withoutLocation(headers))));
    session.on("Network.eventSourceMessageReceived", (event) => this.#note(`stream event ${event.eventName}`, JSON.stringify(event)));
    session.on("Fetch.requestPaused", (paused) => void this.#paused(paused));
    this.page.on("console", (message) => this.#note("console", message.text()));
    this.page.on("pageerror", (error) => this.#note("uncaught error", `${error.message}\n${error.stack}`));
    await session.send("Network.enable");
    await session.send("Fetch.enable", { patterns: [{ requestStage: "Response" }] });
  }

  async #paused(paused: Paused): Promise<void> {
    const { requestId, request, responseStatusCode: status = 0, responseHeaders = [] } = paused;
    const place = `${status} ${request.method} ${request.url}`;
    this.#note(`response headers ${place}`, responseHeaders.map(({ name, value }) => `${name}: ${value}`).join("\n"));
    const header = (wanted: string) => responseHeaders.find(({ name }) => name.toLowerCase() === wanted)?.value ?? "";
    const hasBody = paused.responseErrorReason === undefined && (status < 300 || status >= 400) && status !== 204;
    // A stream has no end to wait for; its events come one by one.
    if (hasBody && !header("content-type").startsWith("text/event-stream")) await this.#body(requestId, place);
    // A page that was closed in the meantime has nothing to go on with.
    await this.session.send("Fetch.continueRequest", { requestId }).catch(() => {});
  }

  async #body(requestId: string, place: string): Promise<void> {
    try {
      const { body, base64Encoded } = await this.session.send("Fetch.getResponseBody", { requestId });
      this.#note(`response body ${place}`, base64Encoded ? Buffer.from(body, "base64").toString("latin1") : body);
    } catch (error) {
      this.unread.push(`${place}: ${error}`);
    }
  }

  #note(place: string, text: string): void {
    this.traces.push({ place, text });
  }
}

/** Redirects are noted once, with their address, where the response is. */
function withoutLocation(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== "location"));
}

/** Runs in the page. */
async function collect(): Promise<Record<string, string>> {
  const roots = (root: Document | ShadowRoot): string[] =>
    [...root.querySelectorAll("*")].flatMap(({ shadowRoot }) => (shadowRoot ? [shadowRoot.innerHTML, ...roots(shadowRoot)] : []));
  const fields = (root: Document | ShadowRoot): string[] =>
    [...root.querySelectorAll<HTMLInputElement>("input, textarea")].map(({ value }) => value);
  const databases = await indexedDB.databases();
  const caches = await window.caches.keys();
  return {
    document: document.documentElement.outerHTML,
    "shadow roots": roots(document).join("\n"),
    fields: fields(document).join("\n"),
    localStorage: JSON.stringify({ ...localStorage }),
    sessionStorage: JSON.stringify({ ...sessionStorage }),
    "IndexedDB names": JSON.stringify(databases),
    "cache names": JSON.stringify(caches),
    "readable cookies": document.cookie,
    "history state": JSON.stringify(history.state),
    "window name": window.name,
    "resource timing": performance.getEntriesByType("resource").map(({ name }) => name).join("\n"),
  };
}
