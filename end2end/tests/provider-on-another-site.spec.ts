import type { Page } from "@playwright/test";
import { CROSS_SITE_PORTAL } from "../portal/addresses.ts";
import { type Portal, startPortal } from "../portal/portal.ts";
import { SESSION_ENDED } from "../support/pages.ts";
import { ALICE } from "../support/people.ts";
import { accountMenu, hydrated, navigation } from "../support/shell.ts";
import { expect, test } from "../support/test.ts";

const { port } = CROSS_SITE_PORTAL;
const ISSUER = `http://localhost:${port}/dev/idp`;

// One portal for the file, whichever worker runs it.
test.describe.configure({ mode: "default" });
let portal: Portal;
test.beforeAll(async () => {
  portal = await startPortal({
    name: "portico-cross-site",
    ...CROSS_SITE_PORTAL,
    environment: { PORTICO_IDENTITY__ISSUER: ISSUER, PORTICO_PUBLIC_URL: `http://127.0.0.1:${port}`, PORTICO_DEVELOPMENT__SERVICES: "[]", PORTICO_FIXTURES: "0" },
  });
});
test.afterAll(() => portal.stop());

async function signInThere(page: Page): Promise<void> {
  await page.goto(`${portal.url}/auth/login?return_to=/nothing-yet`);
  expect(page.url()).toContain("http://localhost:");
  await page.getByRole("button", { name: /Alice Archer/ }).click();
  await expect(page).toHaveURL(`${portal.url}/nothing-yet`);
}

test("case_06_ a login survives the way to a provider on another site and back", async ({ page, complaints }) => {
  complaints.allow(/status of 404 /, SESSION_ENDED);
  await signInThere(page);
  await hydrated(page);
  for (const title of ALICE.opens) await expect(navigation(page).getByRole("link", { name: title, exact: true })).toBeVisible();
  const cookies = await page.context().cookies();
  expect(cookies.filter(({ name, domain }) => name === "__Host-portico" && domain === "127.0.0.1")).toHaveLength(1);
  expect(cookies.filter(({ name, domain }) => name.startsWith("__Host-") && domain === "localhost")).toEqual([]);
});

test("signing out reaches the provider on its site and comes back; the next login asks again", async ({ page, complaints }) => {
  complaints.allow(/status of 404 /, SESSION_ENDED);
  await signInThere(page);
  await hydrated(page);
  const atProvider = page.waitForRequest((request) => request.url().startsWith(`${ISSUER}/end-session`));
  await accountMenu(page).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await atProvider;
  await expect(page).toHaveURL(`${portal.url}/`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("One place for your work");
  expect((await page.context().cookies()).map(({ name }) => name)).not.toContain("__Host-portico");

  await page.goto(`${portal.url}/auth/login`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in");
});
