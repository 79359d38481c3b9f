import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page, Request } from "@playwright/test";
import { LOGS } from "../portal/portal.ts";
import { SESSION_ENDED } from "../support/pages.ts";
import { BOB } from "../support/people.ts";
import { signIn } from "../support/shell.ts";
import { expect, test } from "../support/test.ts";

test.beforeEach(({ complaints }) => complaints.allow(SESSION_ENDED));

/** The trace id of the `traceparent` that the page sent. */
function traceOf(request: Request): string {
  const sent = request.headers()["traceparent"] ?? "";
  const [, trace] = /^00-([0-9a-f]{32})-[0-9a-f]{16}-01$/.exec(sent) ?? [];
  expect(trace, `a trace id in "${sent}"`).toBeDefined();
  return trace!;
}

/** Waits until the portal's log has an audit line of this action in this trace. */
async function audited(action: string, trace: string): Promise<void> {
  const lines = async () => (await readFile(join(LOGS, "portico.log"), "utf8")).split("\n").filter((line) => line.includes(trace));
  await expect.poll(async () => (await lines()).filter((line) => line.includes(" audit: ") && line.includes(action)).length, { message: `the audit line of ${action}` }).toBeGreaterThan(0);
}

const called = (page: Page, path: string) => page.waitForRequest((request) => new URL(request.url()).pathname.startsWith(path));

test("the audit of a call names the trace that the page began with the click", async ({ page }) => {
  const first = called(page, "/bff/portico.todos/");
  await signIn(page, BOB, "/todos");
  const mounted = traceOf(await first);
  await audited("call GET", mounted);

  await page.getByLabel("New to-do").fill(`Follow the trace ${crypto.randomUUID()}`);
  const adding = page.waitForRequest((request) => request.method() === "POST" && new URL(request.url()).pathname.startsWith("/bff/"));
  await page.getByRole("button", { name: "Add", exact: true }).click();
  const request = await adding;
  const clicked = traceOf(request);
  expect(clicked).not.toBe(mounted);
  expect((await request.response())?.headers()["x-trace-id"]).toBe(clicked);
  await audited("call POST", clicked);
});

test("the audit of an event names the trace of the click that published it", async ({ page }) => {
  await signIn(page, BOB, "/echo");
  await expect(page.getByRole("img", { name: "Live updates are on" })).toBeVisible();
  const publishing = called(page, "/api/fn/publish_event");
  await page.getByRole("button", { name: "Send" }).click();
  await audited("publish", traceOf(await publishing));
});
