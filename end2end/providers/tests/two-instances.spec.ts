import type { BrowserContext, Page } from "@playwright/test";
import { origin } from "../../portal/addresses.ts";
import { SESSION_ENDED } from "../../support/pages.ts";
import { accountMenu, open } from "../../support/shell.ts";
import { KEYCLOAK, OIDC_PROVIDER, type Place } from "../addresses.ts";
import { frontDoor, signIn } from "../journey.ts";
import { Served } from "../served.ts";
import { expect, test } from "../test.ts";

const PLACES: Record<string, Place> = { keycloak: KEYCLOAK, "oidc-provider": OIDC_PROVIDER };
/** Docs promise that an end is known everywhere within a second; the rest is for the browser and a busy machine. */
const MOMENTS = 2_500;

test.beforeEach(({ complaints }) => complaints.allow(SESSION_ENDED));

const live = (tab: Page) => expect(tab.getByRole("img", { name: "Live updates are on" })).toBeVisible();
const saysItIsOver = (tab: Page) => expect(tab.getByRole("paragraph").filter({ hasText: "You were signed out in another place." })).toBeVisible();

/** Two tabs of one session, each with its stream on an instance of its own. */
async function twoTabs(page: Page, context: BrowserContext, served: Served): Promise<Page> {
  const sibling = await context.newPage();
  // Without locks a tab shares nobody's stream.
  await sibling.addInitScript(() => Object.defineProperty(Navigator.prototype, "locks", { value: undefined }));
  served.follow(sibling);
  await open(page, "/echo");
  await live(page);
  await open(sibling, "/echo");
  await live(sibling);
  expect(new Set([served.of("/stream", page), served.of("/stream", sibling)]), "the instances of both streams").toEqual(new Set(["0", "1"]));
  return sibling;
}

/** What each instance, asked without the balancer, says to this cookie. */
async function statuses(place: Place, cookie: string): Promise<number[]> {
  const ask = async ({ port }: { port: number }) => (await fetch(`${origin(port)}/api/platform/session`, { headers: { cookie } })).status;
  return Promise.all(place.instances.map(ask));
}

async function sessionCookie(context: BrowserContext): Promise<string> {
  const cookie = (await context.cookies()).find(({ name }) => name === "__Host-portico");
  return `${cookie?.name}=${cookie?.value}`;
}

test("a login begins on one instance and ends on the other; pages, calls and events come from both", async ({ page, context, provider }) => {
  const served = new Served();
  served.follow(page);
  // Not bob: whoever signs out at Keycloak later, by its administration, is to have one session (keycloak/keycloak#27359).
  await signIn(page, provider, "alice", "/todos");
  await expect(page.getByText("Review the Q4 supplier contracts")).toBeVisible();
  expect(served.of("/auth/callback")).not.toBe(served.of("/auth/login"));

  const sibling = await twoTabs(page, context, served);
  const mark = crypto.randomUUID();
  await page.getByLabel("JSON to send").fill(`"${mark}"`);
  await page.getByRole("button", { name: "Send" }).click();
  for (const tab of [page, sibling]) {
    await expect(tab.getByRole("list", { name: "Replies" }).getByRole("listitem").filter({ hasText: mark })).toHaveCount(1);
  }
  for (const kind of ["document", "fetch"]) expect(served.instances(kind), kind).toEqual(["0", "1"]);
});

test("case_16_signing out in one tab is seen in the other, whose stream another instance serves, and the cookie is worth nothing on either", async ({
  page,
  context,
  provider,
}, { project }) => {
  const served = new Served();
  served.follow(page);
  await signIn(page, provider, "bob", "/");
  const sibling = await twoTabs(page, context, served);
  const cookie = await sessionCookie(context);
  expect(await statuses(PLACES[project.name]!, cookie), "while the session stands").toEqual([200, 200]);

  await accountMenu(page).click();
  const ended = page.waitForResponse((response) => new URL(response.url()).pathname === "/auth/logout");
  await page.getByRole("button", { name: "Sign out" }).click();
  await ended;
  const since = Date.now();
  await saysItIsOver(sibling);
  expect(Date.now() - since).toBeLessThan(MOMENTS);
  await expect.poll(() => statuses(PLACES[project.name]!, cookie), { timeout: MOMENTS }).toEqual([401, 401]);

  await provider.confirmSignOut(page);
  await frontDoor(page);
  await sibling.goto("/");
  await frontDoor(sibling);
});

test("case_12_a logout token that one instance gets closes the tabs of both, and the cookie is worth nothing on either", async ({
  page,
  context,
  provider,
}, { project }) => {
  const served = new Served();
  served.follow(page);
  await signIn(page, provider, "bob", "/");
  const sibling = await twoTabs(page, context, served);
  const cookie = await sessionCookie(context);
  expect(await statuses(PLACES[project.name]!, cookie), "while the session stands").toEqual([200, 200]);

  await provider.endSessions(page, "bob");
  const since = Date.now();
  await Promise.all([page, sibling].map(saysItIsOver));
  expect(Date.now() - since).toBeLessThan(MOMENTS);
  await expect.poll(() => statuses(PLACES[project.name]!, cookie), { timeout: MOMENTS }).toEqual([401, 401]);
  for (const tab of [page, sibling]) {
    await tab.goto("/");
    await frontDoor(tab);
  }
});
