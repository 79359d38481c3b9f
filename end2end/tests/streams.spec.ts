import type { Page } from "@playwright/test";
import { BROKEN_CARD, SESSION_ENDED } from "../support/pages.ts";
import { ALICE, BOB } from "../support/people.ts";
import { accountMenu, mounted, open, outlet, signIn } from "../support/shell.ts";
import { expect, test } from "../support/test.ts";

test.beforeEach(({ complaints }) => complaints.allow(SESSION_ENDED));

const live = (page: Page) => expect(page.getByRole("img", { name: "Live updates are on" })).toBeVisible();

test("an event reaches every tab of the person, over one stream", async ({ context }) => {
  const tabs = [await context.newPage(), await context.newPage()] as const;
  const streams: string[] = [];
  context.on("request", (request) => {
    if (new URL(request.url()).pathname === "/stream") streams.push(request.url());
  });
  await signIn(tabs[0], BOB, "/echo");
  await open(tabs[1], "/echo");
  for (const tab of tabs) await live(tab);
  const mark = crypto.randomUUID();
  await tabs[0].getByLabel("JSON to send").fill(`{"mark":"${mark}"}`);
  await tabs[0].getByRole("button", { name: "Send" }).click();
  for (const tab of tabs) await expect(tab.getByRole("list", { name: "Replies" })).toContainText(mark);
  expect(streams).toHaveLength(1);
});

test("remotes on one page share one stream", async ({ page, complaints }) => {
  complaints.allow(BROKEN_CARD);
  const streams: URL[] = [];
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.pathname === "/stream") streams.push(url);
  });
  await signIn(page, ALICE);
  await mounted(outlet(page, "Ask Portico"));
  await live(page);
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Echo", exact: true }).click();
  await mounted(outlet(page, "Echo"));
  const mark = crypto.randomUUID();
  await page.getByLabel("JSON to send").fill(`"${mark}"`);
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByRole("list", { name: "Replies" })).toContainText(mark);
  // The second remote brought a type of its own.
  expect(streams.map(({ searchParams }) => searchParams.get("types"))).toEqual(["chat.reply", "chat.reply,echo.reply"]);
});

test("what was published while a tab was offline arrives once it is back, exactly once", async ({ page, context, profile, complaints }) => {
  complaints.allow(/net::ERR_(INTERNET_DISCONNECTED|NETWORK_CHANGED|NETWORK_IO_SUSPENDED)/);
  await signIn(page, BOB, "/echo");
  await live(page);
  const other = await profile({ storageState: await context.storageState() });
  await open(other, "/echo");
  await live(other);

  await context.setOffline(true);
  await expect(page.getByRole("paragraph").filter({ hasText: "You are offline." })).toBeVisible();
  const mark = crypto.randomUUID();
  await other.getByLabel("JSON to send").fill(`"${mark}"`);
  await other.getByRole("button", { name: "Send" }).click();
  await expect(other.getByRole("list", { name: "Replies" })).toContainText(mark);
  await context.setOffline(false);
  const replies = page.getByRole("list", { name: "Replies" }).getByRole("listitem").filter({ hasText: mark });
  await expect(replies).toHaveCount(1);
  await live(page);
  await expect(replies).toHaveCount(1);
});

test("signing out closes the stream of every open tab and shows it within a second, in other profiles too", async ({ page, context, profile }) => {
  await signIn(page, BOB, "/echo");
  // The same session in another profile: no other tab can tell it anything, only the portal can.
  const apart = await profile({ storageState: await context.storageState() });
  await open(apart, "/echo");
  const sibling = await context.newPage();
  await open(sibling, "/echo");
  for (const tab of [page, apart, sibling]) await live(tab);

  await accountMenu(page).click();
  const ended = page.waitForResponse((response) => new URL(response.url()).pathname === "/auth/logout");
  await page.getByRole("button", { name: "Sign out" }).click();
  await ended;
  const since = Date.now();
  const told = [apart, sibling].map(async (tab) => {
    await expect(tab.getByRole("paragraph").filter({ hasText: "You were signed out in another place." })).toBeVisible();
    return Date.now() - since;
  });
  for (const took of await Promise.all(told)) expect(took).toBeLessThan(1_000);
  for (const tab of [apart, sibling]) {
    await expect(tab.getByRole("img", { name: "Signed out" })).toBeVisible();
    await expect(tab.getByRole("link", { name: "Sign in again" })).toBeVisible();
  }
  await sibling.getByRole("link", { name: "Sign in again" }).click();
  await sibling.getByRole("button", { name: /Bob Baker/ }).click();
  await expect(sibling).toHaveURL("/echo");
});
