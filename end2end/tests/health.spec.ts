import type { Page } from "@playwright/test";
import { HEALTH_PORTAL } from "../portal/addresses.ts";
import { type Portal, startPortal } from "../portal/portal.ts";
import { findings } from "../support/axe.ts";
import { SESSION_ENDED, statusComplaint } from "../support/pages.ts";
import { hydrated, navigation } from "../support/shell.ts";
import { expect, test } from "../support/test.ts";

// A portal whose services do not run: what is behind it is broken, and it works.
test.describe.configure({ mode: "serial" });
let portal: Portal;
test.beforeAll(async () => {
  portal = await startPortal({
    name: "portico-health",
    ...HEALTH_PORTAL,
    // Another portal's services may run at the addresses of the manifests.
    environment: { PORTICO_DEVELOPMENT__SERVICES: "[]", PORTICO_FIXTURES: "0", PORTICO_GATEWAY__UPSTREAMS: '{"portico.todos"={addresses=["127.0.0.1:9"]}}' },
  });
});
test.afterAll(() => portal.stop());
test.beforeEach(({ complaints }) => complaints.allow(SESSION_ENDED, /status of 50[234] /));

async function signedIn(page: Page, username: string, path: string): Promise<Page> {
  await page.goto(`${portal.url}/auth/login?login_hint=${username}&return_to=${encodeURIComponent(path)}`);
  await hydrated(page);
  return page;
}

/** Calls a service that is not there. The trace id of the answer. */
async function failedCall(page: Page): Promise<string> {
  return page.evaluate(async () => (await fetch("/bff/portico.todos/todos")).headers.get("x-trace-id") ?? "");
}

test("alice, who operates the platform, sees what is broken, and it appears without a reload", async ({ page }) => {
  await signedIn(page, "alice", "/account");
  await navigation(page).getByRole("link", { name: "Health" }).click();
  await hydrated(page);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Health");
  await expect(navigation(page).getByRole("link", { name: "Health" })).toHaveAttribute("aria-current", "page");
  const parts = page.getByRole("region", { name: "What it depends on" });
  await expect(parts.getByRole("listitem").filter({ hasText: "Event log (Kafka)" })).toContainText("In order");
  await page.evaluate(() => Object.assign(window, { stays: true }));
  const trace = await failedCall(page);
  expect(trace).toMatch(/^[0-9a-f]{32}$/);
  const failures = page.getByRole("region", { name: "Last failures" });
  await expect(failures.getByRole("row").filter({ hasText: trace })).toContainText("502 upstream-unreachable", { timeout: 15_000 });
  const todos = page.getByRole("region", { name: "Services behind remotes" }).getByRole("listitem").filter({ hasText: "portico.todos" });
  await expect(todos.first()).toContainText("Last error");
  expect(await page.evaluate(() => "stays" in window), "the page was not left").toBe(true);
  expect(await findings(page)).toEqual([]);
});

test("what is being read is not taken away, and silence of the portal is said", async ({ page, complaints }) => {
  complaints.allow(/ERR_FAILED|Failed to load resource|Failed to fetch/);
  await signedIn(page, "alice", "/platform/health");
  const time = page.locator(".verdict time");
  await page.locator("[data-now]").evaluate((live) => document.getSelection()?.selectAllChildren(live));
  const before = await page.locator("[data-now]").evaluateHandle((live) => live);
  await page.waitForTimeout(6_000);
  expect(await before.evaluate((live) => live.isConnected), "selected text stays").toBe(true);
  await page.evaluate(() => document.getSelection()?.removeAllRanges());
  await expect.poll(() => before.evaluate((live) => live.isConnected), { timeout: 15_000 }).toBe(false);
  await expect(time).toBeVisible();
  await page.route(`${portal.url}/platform/health`, (route) => route.abort());
  await expect(page.getByText("May be out of date")).toBeVisible({ timeout: 15_000 });
  await page.unroute(`${portal.url}/platform/health`);
  await expect(page.getByText("May be out of date")).toBeHidden({ timeout: 15_000 });
});

test("bob, who does not operate the platform, gets a 403 page and no link to it", async ({ page, complaints }) => {
  complaints.allow(statusComplaint(403));
  await signedIn(page, "bob", "/account");
  await expect(navigation(page).getByRole("link", { name: "Health" })).toHaveCount(0);
  const response = await page.goto(`${portal.url}/platform/health`);
  expect(response?.status()).toBe(403);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("You do not have access to this page");
});

test("without script, on a phone and in German, it can be read and reloads itself", async ({ profile }) => {
  const page = await profile({ javaScriptEnabled: false, locale: "de-DE", viewport: { width: 360, height: 740 } });
  await page.goto(`${portal.url}/auth/login?login_hint=alice&return_to=${encodeURIComponent("/platform/health")}`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Zustand");
  await expect(page.getByText("Dienste hinter Anwendungen")).toBeVisible();
  await expect(page.locator("noscript meta[http-equiv=refresh], meta[http-equiv=refresh]")).toHaveAttribute("content", "10");
  await page.getByRole("link", { name: "Neu laden" }).click();
  await expect(page).toHaveURL(`${portal.url}/platform/health`);
  const overflow = await page.locator("html").boundingBox();
  expect(overflow?.width).toBeLessThanOrEqual(360);
});
