import { statusComplaint } from "../support/pages.ts";
import { ALICE, BOB, ERIN } from "../support/people.ts";
import { accountMenu, navigation, organization } from "../support/shell.ts";
import { expect, test } from "../support/test.ts";

test.use({ javaScriptEnabled: false });

test("a person without JavaScript signs in, finds their way, and signs out", async ({ page }) => {
  await page.goto("/");
  await expect(page).toHaveTitle("Sign in · Portico");
  await page.getByRole("link", { name: /^Alice/ }).click();
  await expect(page).toHaveTitle("Home · Portico");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Welcome, Alice");

  for (const title of ALICE.opens) {
    const link = navigation(page).getByRole("link", { name: title, exact: true });
    await link.click();
    await expect(page).toHaveTitle(`${title} · Portico`);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(title);
    await expect(link).toHaveAttribute("aria-current", "page");
    await expect(page.getByText(`${title} needs JavaScript. Turn it on to use this part of the portal.`)).toBeVisible();
  }

  await accountMenu(page).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("One place for your work");
});

test("entitlements hold without JavaScript: no link in the HTML, and a 403 page", async ({ page, complaints }) => {
  complaints.allow(statusComplaint(403));
  await page.goto(`/auth/login?login_hint=${BOB.username}`);
  for (const title of BOB.opens) await expect(navigation(page).getByRole("link", { name: title, exact: true })).toBeVisible();
  expect(await page.content()).not.toContain("/org-admin");
  expect((await page.goto("/org-admin"))?.status()).toBe(403);
});

test("an organization is switched by a plain form", async ({ page }) => {
  await page.goto(`/auth/login?login_hint=${ERIN.username}&return_to=/todos`);
  await organization(page).click();
  await page.getByRole("button", { name: "Globex", exact: true }).click();
  await expect(page).toHaveURL("/todos");
  await expect(organization(page)).toContainText("Globex");
});

test("what needs JavaScript is not offered without it", async ({ page }) => {
  await page.goto(`/auth/login?login_hint=${ALICE.username}`);
  await expect(page.getByRole("button", { name: "Search" })).toBeHidden();
  await expect(page.locator("summary").and(page.getByLabel("Theme"))).toBeHidden();
  await expect(page.getByRole("button", { name: "Collapse navigation" })).toBeHidden();
});
