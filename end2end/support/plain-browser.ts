import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { BrowserContext } from "@playwright/test";
import { browserPath } from "./browser.ts";

interface Answer {
  id?: number;
  result?: Record<string, unknown>;
  error?: { message: string };
}

/**
 * Chromium without Playwright, which has every tab believe that it is in front: here a tab behind another one is hidden, and can
 * be frozen. It speaks the DevTools protocol over a pipe, messages ended by NUL.
 */
export class PlainBrowser {
  readonly #answers = new Map<number, (answer: Answer) => void>();
  #last = 0;

  private constructor(
    private readonly process: ChildProcess,
    private readonly profile: string,
    private readonly pipe: Writable,
  ) {}

  /** Starts one in which whoever is signed in in `context` is signed in. */
  static async start(context: BrowserContext): Promise<PlainBrowser> {
    const profile = await mkdtemp(join(tmpdir(), "portico-browser-"));
    const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe", `--user-data-dir=${profile}`];
    const process = spawn(browserPath(), [...flags, "about:blank"], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    const browser = new PlainBrowser(process, profile, process.stdio[3] as Writable);
    browser.#listen(process.stdio[4] as Readable);
    await browser.send("Storage.setCookies", { cookies: await context.cookies() });
    return browser;
  }

  /** Opens a tab, in front of those that are open. */
  async tab(url: string): Promise<PlainTab> {
    const { targetId } = await this.send("Target.createTarget", { url });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    return new PlainTab(this, String(targetId), String(sessionId));
  }

  async send(method: string, params: object, sessionId?: string): Promise<Record<string, unknown>> {
    const id = ++this.#last;
    const answer = new Promise<Answer>((resolve) => this.#answers.set(id, resolve));
    this.pipe.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    const { result = {}, error } = await answer;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGKILL");
    await ended;
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }

  #listen(pipe: Readable): void {
    let rest = "";
    pipe.setEncoding("utf8").on("data", (text: string) => {
      const messages = (rest + text).split("\0");
      rest = messages.pop() ?? "";
      for (const message of messages) this.#answered(JSON.parse(message) as Answer);
    });
  }

  #answered(answer: Answer): void {
    if (answer.id === undefined) return;
    this.#answers.get(answer.id)?.(answer);
    this.#answers.delete(answer.id);
  }
}

/** One of its tabs. */
export class PlainTab {
  constructor(
    private readonly browser: PlainBrowser,
    private readonly target: string,
    private readonly session: string,
  ) {}

  /** Runs a function in the page, with what can be written as JSON. */
  async run<Given, Result>(run: (given: Given) => Result, given?: Given): Promise<Awaited<Result>> {
    const expression = `(${run})(${JSON.stringify(given)})`;
    const answer = await this.browser.send("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true }, this.session);
    const { result, exceptionDetails } = answer as { result: { value: Awaited<Result> }; exceptionDetails?: { exception?: { description: string } } };
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description ?? "the page threw something");
    return result.value;
  }

  /** Brings it to the front, so that the others are hidden. */
  async show(): Promise<void> {
    await this.browser.send("Target.activateTarget", { targetId: this.target });
  }

  /** Has the browser freeze it as it does with tabs that were hidden for long: no timer and no network. Other tabs' messages still arrive. */
  async freeze(): Promise<void> {
    await this.browser.send("Page.setWebLifecycleState", { state: "frozen" }, this.session);
  }

  async resume(): Promise<void> {
    await this.browser.send("Page.setWebLifecycleState", { state: "active" }, this.session);
  }
}
