import type { Page } from "@playwright/test";
import { MEMBERS_PORTAL } from "../portal/addresses.ts";
import { type Portal, startPortal } from "../portal/portal.ts";
import { findings } from "../support/axe.ts";
import { SESSION_ENDED, statusComplaint } from "../support/pages.ts";
import { accountMenu, hydrated, navigation, organization } from "../support/shell.ts";
import { expect, test } from "../support/test.ts";

// One portal for the file, and its tests in order: they change who belongs where.
test.describe.configure({ mode: "serial" });
let portal: Portal;
test.beforeAll(async () => {
  portal = await startPortal({
    name: "portico-members",
    ...MEMBERS_PORTAL,
    environment: { PORTICO_DEVELOPMENT__SERVICES: "[]", PORTICO_FIXTURES: "0" },
  });
});
test.afterAll(() => portal.stop());
// The remotes' services do not run here.
test.beforeEach(({ complaints }) => complaints.allow(SESSION_ENDED, /status of 50[234] /));

async function signedIn(page: Page, username: string, path: string): Promise<Page> {
  await page.goto(`${portal.url}/auth/login?login_hint=${username}&return_to=${encodeURIComponent(path)}`);
  await hydrated(page);
  return page;
}

function row(page: Page, name: string) {
  return page.getByRole("row").filter({ hasText: name });
}

test("alice invites carol to acme; carol accepts and finds acme's applications", async ({ profile }) => {
  const alice = await signedIn(await profile(), "alice", "/members");
  await expect(navigation(alice).getByRole("link", { name: "Members" })).toHaveAttribute("aria-current", "page");
  await alice.getByLabel("E-mail address").fill("Carol@Globex.example");
  await alice.getByRole("group", { name: "Roles" }).getByLabel("member", { exact: true }).check();
  await alice.getByRole("button", { name: "Send invitation" }).click();
  await hydrated(alice);
  await expect(alice).toHaveURL(`${portal.url}/members`);
  const link = (await alice.getByRole("link", { name: "Invitation link" }).getAttribute("href")) ?? "";
  await expect(alice.getByRole("region", { name: "Open invitations" })).toContainText("carol@globex.example");
  await alice.reload();
  await expect(alice.getByRole("link", { name: "Invitation link" })).toHaveCount(0);

  const carol = await profile();
  await carol.goto(link);
  await expect(carol.getByRole("heading", { level: 1 })).toHaveText("Join Acme");
  expect(await findings(carol)).toEqual([]);
  await carol.getByRole("link", { name: "Sign in to accept" }).click();
  await carol.getByRole("button", { name: "Accept invitation" }).click();
  await hydrated(carol);
  await expect(carol).toHaveURL(`${portal.url}/`);
  await expect(organization(carol)).toContainText("Acme");
  await expect(carol.getByText("Welcome to Acme.")).toBeVisible();
  await expect(navigation(carol).getByRole("link", { name: "Todos" })).toBeVisible();
  await expect(navigation(carol).getByRole("link", { name: "Members" })).toHaveCount(0);

  await alice.reload();
  await expect(row(alice, "Carol Castillo")).toContainText("Invitation");
  await expect(alice.getByRole("region", { name: "Open invitations" })).toContainText("No invitation is waiting");
});

test("bob, who is no administrator, gets a 403 page and no link to it", async ({ page, complaints }) => {
  complaints.allow(statusComplaint(403));
  await signedIn(page, "bob", "/account");
  await expect(navigation(page).getByRole("link", { name: "Members" })).toHaveCount(0);
  const response = await page.goto(`${portal.url}/members`);
  expect(response?.status()).toBe(403);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("You do not have access to this page");
});

test("a changed role holds on the member's open page", async ({ profile }) => {
  const [alice, bob] = [await signedIn(await profile(), "alice", "/members"), await signedIn(await profile(), "bob", "/account")];
  await row(alice, "Bob Baker").getByText("Change roles", { exact: true }).click();
  const form = row(alice, "Bob Baker").getByRole("group", { name: "Change the roles of Bob Baker" });
  await form.getByLabel("admin", { exact: true }).check();
  await row(alice, "Bob Baker").getByRole("button", { name: "Save roles" }).click();
  await expect(alice.getByText("Bob Baker now has other roles.")).toBeVisible();
  await bob.goto(`${portal.url}/members`);
  await expect(bob.getByRole("heading", { level: 1 })).toHaveText("Members of Acme");
});

test("case_51_ whoever is removed sees it on the page they have open", async ({ profile, complaints }) => {
  complaints.allow(/status of 401 /);
  const carol = await signedIn(await profile(), "carol", "/");
  await organization(carol).click();
  await carol.getByRole("button", { name: "Acme", exact: true }).click();
  await hydrated(carol);
  await expect(organization(carol)).toContainText("Acme");
  await carol.goto(`${portal.url}/chat`);
  await expect(carol.locator("#connection")).toHaveAttribute("data-state", "live");

  const alice = await signedIn(await profile(), "alice", "/members");
  await row(alice, "Carol Castillo").getByText("Remove", { exact: true }).click();
  await expect(alice.getByText("Access ends at once, on every device.", { exact: false }).locator("visible=true")).toBeVisible();
  await alice.getByRole("button", { name: "Remove from Acme" }).locator("visible=true").click();
  await expect(alice.getByText("Carol Castillo was removed.")).toBeVisible();
  await expect(carol.getByRole("paragraph").filter({ hasText: "You were signed out in another place." })).toBeVisible();

  await signedIn(carol, "carol", "/account");
  await expect(organization(carol)).toHaveText("Globex");
});

test("bob signs out his other devices", async ({ profile, complaints }) => {
  complaints.allow(/status of 401 /);
  const [here, there] = [await signedIn(await profile(), "bob", "/account"), await signedIn(await profile(), "bob", "/account")];
  await here.reload();
  await expect(here.getByText("This device")).toHaveCount(1);
  await here.getByRole("button", { name: "Sign out all others" }).click();
  await expect(here.getByText("All other devices are signed out.")).toBeVisible();
  await expect(here.getByText("You are signed in nowhere else.")).toBeVisible();
  expect((await there.request.get(`${portal.url}/api/platform/session`)).status()).toBe(401);
  expect((await here.request.get(`${portal.url}/api/platform/session`)).status()).toBe(200);
});

// Wide, and in both themes, accessibility.spec.ts looks at every page.
test("account and members fit a phone, and axe finds nothing serious there", async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  await signedIn(page, "alice", "/account");
  for (const path of ["/account", "/members"]) {
    await page.goto(`${portal.url}${path}`);
    expect(await findings(page), path).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(360);
  }
  await page.goto(`${portal.url}/account`);
  await accountMenu(page).click();
  await page.getByRole("link", { name: "Your account" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Your account");
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("alice invites and revokes by plain forms", async ({ page }) => {
    await page.goto(`${portal.url}/auth/login?login_hint=alice&return_to=/members`);
    await page.getByLabel("E-mail address").fill("dana@example.com");
    await page.getByRole("group", { name: "Roles" }).getByLabel("member", { exact: true }).check();
    await page.getByRole("button", { name: "Send invitation" }).click();
    await expect(page.getByRole("region", { name: "Open invitations" })).toContainText("dana@example.com");
    await page.getByRole("button", { name: "Revoke the invitation of dana@example.com" }).click();
    await expect(page.getByText("The invitation to dana@example.com was revoked.")).toBeVisible();
    await expect(page.getByText("No invitation is waiting for an answer.")).toBeVisible();
  });
});
