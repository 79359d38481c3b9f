import { BROKEN_CARD, SESSION_ENDED, statusComplaint } from "../support/pages.ts";
import { ALICE, BOB, CAROL, PEOPLE } from "../support/people.ts";
import { hydrated, navigation, open, organization, signIn, signOut } from "../support/shell.ts";
import { expect, test } from "../support/test.ts";

const FIXTURES = ["Never loads", "Never resolves", "Throws in mount", "Throws in unmount", "Wrong hash"];

test.beforeEach(({ complaints }) => complaints.allow(BROKEN_CARD, SESSION_ENDED));

for (const person of PEOPLE) {
  test(`${person.username} signs in as a demo account, finds what they are entitled to, and signs out`, async ({ page }) => {
    await page.goto("/");
    const firstName = person.name.split(" ")[0] ?? "";
    await page.getByRole("region", { name: "Demo accounts" }).getByRole("link", { name: firstName }).click();
    await hydrated(page);

    await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Welcome, ${firstName}`);
    await expect(organization(page)).toContainText(person.organization);
    const titles = await navigation(page).getByRole("link").evaluateAll((links) => (links as HTMLElement[]).map(({ title }) => title));
    expect(titles.filter(Boolean).sort()).toEqual(["Home", ...person.opens, ...(person.manages ?? []), ...FIXTURES].sort());

    await signOut(page);
    expect((await page.request.get("/api/platform/session")).status()).toBe(401);
  });
}

test("the provider's own sign-in page leads back to the page that was asked for", async ({ page, complaints }) => {
  complaints.allow(statusComplaint(401));
  const response = await page.goto("/todos");
  expect(response?.status()).toBe(401);
  await page.getByRole("link", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in");
  await page.getByRole("button", { name: /Bob Baker/ }).click();
  await expect(page).toHaveURL("/todos");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Todos");
});

test("an unknown login_hint is answered by the provider's sign-in page", async ({ page }) => {
  await page.goto("/auth/login?login_hint=mallory");
  await expect(page.getByText("There is no demo account called “mallory”.")).toBeVisible();
  await page.getByRole("button", { name: /Carol Castillo/ }).click();
  await expect(organization(page)).toHaveText(CAROL.organization);
});

test("a member does not see what only an admin may open, and its URL is a 403 page", async ({ page, complaints }) => {
  complaints.allow(statusComplaint(403));
  await signIn(page, BOB);
  await expect(page.getByRole("link", { name: "Organization", exact: true })).toHaveCount(0);
  const response = await page.goto("/org-admin");
  expect(response?.status()).toBe(403);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("You do not have access to this page");
  await expect(page.getByText("It exists, but your role in Acme does not include it.")).toBeVisible();
  await page.getByRole("link", { name: "Go to home" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Welcome, Bob");
});

test("an address with nothing behind it is a 404 page", async ({ page, complaints }) => {
  complaints.allow(statusComplaint(404));
  await signIn(page, ALICE);
  const response = await page.goto("/no/such/page");
  expect(response?.status()).toBe(404);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("There is nothing here");
  await expect(navigation(page)).toBeVisible();
});

test("after signing out, the back button shows nothing of the session", async ({ page, complaints }) => {
  complaints.allow(statusComplaint(401));
  await signIn(page, ALICE, "/org-admin");
  await expect(page.getByText("bob@acme.example").first()).toBeVisible();
  await signOut(page);
  await page.goBack();
  await expect(page.getByText("Sign in to continue to the page you asked for.")).toBeVisible();
  await expect(page.getByText("bob@acme.example")).toHaveCount(0);
});

test("case_09_ several tabs that log in at once each end signed in", async ({ context }) => {
  const tabs = await Promise.all([1, 2, 3].map(() => context.newPage()));
  await Promise.all(tabs.map((tab, index) => signIn(tab, ALICE, ["/todos", "/echo", "/insights"][index])));
  for (const tab of tabs) await expect(navigation(tab)).toBeVisible();
});

test("case_09_ two logins whose forms stand open side by side end well in either order", async ({ context }) => {
  const [first, second] = [await context.newPage(), await context.newPage()];
  for (const tab of [first, second]) await tab.goto("/auth/login?return_to=/echo");
  await second.getByRole("button", { name: /Bob Baker/ }).click();
  await expect(second).toHaveURL("/echo");
  await first.getByRole("button", { name: /Bob Baker/ }).click();
  await expect(first).toHaveURL("/echo");
  await open(second, "/todos");
  await expect(second.getByRole("heading", { level: 1 })).toHaveText("Todos");
});

test("case_09_ the back button onto the callback neither ends the session nor loops", async ({ page, complaints }) => {
  complaints.allow(statusComplaint(400));
  const callback = page.waitForRequest(/\/auth\/callback\?/);
  await signIn(page, ALICE, "/echo");
  const response = await page.goto((await callback).url());
  expect(response?.status()).toBe(400);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("This sign-in could not be finished");
  await page.getByRole("link", { name: "Go to home" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Welcome, Alice");
});

test("case_14_ the session's cookie is bound to this host and script cannot read it; signing out deletes it", async ({ page, context }) => {
  const answer = page.waitForResponse(/\/auth\/callback\?/);
  await signIn(page, ALICE);
  const set = (await (await answer).headersArray()).filter(({ name, value }) => name.toLowerCase() === "set-cookie" && value.startsWith("__Host-portico="));
  expect(set).toHaveLength(1);
  const attributes = set[0]!.value.split(";").slice(1).map((attribute) => attribute.trim().toLowerCase());
  expect(attributes).toEqual(expect.arrayContaining(["secure", "httponly", "samesite=lax", "path=/"]));
  expect(attributes.filter((attribute) => attribute.startsWith("domain"))).toEqual([]);
  expect(await page.evaluate(() => document.cookie)).not.toContain("portico=");

  const ids = async () => (await context.cookies()).filter(({ name }) => name === "__Host-portico");
  expect(await ids()).toHaveLength(1);
  await signOut(page);
  expect(await ids()).toEqual([]);
});

test("case_15_ a cookie that was there before the login is replaced", async ({ page, context, baseURL }) => {
  const planted = "A".repeat(43);
  await context.addCookies([{ name: "__Host-portico", value: planted, url: baseURL!.replace("http:", "https:"), secure: true }]);
  await signIn(page, ALICE);
  const [cookie] = (await context.cookies()).filter(({ name }) => name === "__Host-portico");
  expect(cookie?.value).not.toBe(planted);

  const old = cookie!.value;
  await signIn(page, BOB);
  const [renewed] = (await context.cookies()).filter(({ name }) => name === "__Host-portico");
  expect(renewed?.value).not.toBe(old);
  const status = (value: string) => fetch(`${baseURL}/api/platform/session`, { headers: { cookie: `__Host-portico=${value}` } }).then(({ status }) => status);
  expect(await status(old)).toBe(401);
  expect(await status(renewed!.value)).toBe(200);
});
