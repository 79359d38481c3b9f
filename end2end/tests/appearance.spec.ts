import type { Page } from "@playwright/test";
import { BROKEN_CARD, PAGES } from "../support/pages.ts";
import { ALICE, BOB } from "../support/people.ts";
import { accountMenu, mounted, navigation, open, outlet, signIn } from "../support/shell.ts";
import { expect, test } from "../support/test.ts";
import { visit } from "../support/visit.ts";

test.beforeEach(({ complaints }) => complaints.allow(BROKEN_CARD));

function themeMenu(page: Page) {
  return page.locator("summary").and(page.getByLabel("Theme"));
}

/** How light the page's background is, from 0 to 1. */
function lightness(page: Page): Promise<number> {
  return page.evaluate(() => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true })!;
    canvas.fillStyle = getComputedStyle(document.documentElement).backgroundColor;
    canvas.fillRect(0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0] = canvas.getImageData(0, 0, 1, 1).data;
    return (red + green + blue) / 3 / 255;
  });
}

test("a chosen theme shows at once, is remembered, and comes from the server without a flash", async ({ page, context }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await signIn(page, ALICE, "/todos");
  await mounted(outlet(page, "Todos"));
  expect(await lightness(page)).toBeGreaterThan(0.8);
  const input = outlet(page, "Todos").getByLabel("New to-do");
  const inLight = await input.evaluate((element) => getComputedStyle(element).color);

  await themeMenu(page).click();
  await page.getByRole("button", { name: "Dark", exact: true }).click();
  await expect.poll(() => lightness(page)).toBeLessThan(0.3);
  // The remote, in its shadow root, goes along.
  await expect.poll(() => input.evaluate((element) => getComputedStyle(element).color)).not.toBe(inLight);

  // Without script the very first paint is dark already.
  const html = await (await page.request.get("/todos")).text();
  expect(html).toMatch(/<html[^>]* data-theme="dark"/);
  await open(page, "/echo");
  expect(await lightness(page)).toBeLessThan(0.3);

  await themeMenu(page).click();
  await page.getByRole("button", { name: "Light", exact: true }).click();
  await expect.poll(() => lightness(page)).toBeGreaterThan(0.8);
  expect((await context.cookies()).find(({ name }) => name === "portico-theme")?.value).toBe("light");
});

test("by default the theme follows the system, also while the page is open", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await signIn(page, ALICE, "/echo");
  expect(await lightness(page)).toBeLessThan(0.3);
  await page.emulateMedia({ colorScheme: "light" });
  expect(await lightness(page)).toBeGreaterThan(0.8);

  await themeMenu(page).click();
  await page.getByRole("button", { name: "Dark", exact: true }).click();
  await expect.poll(() => lightness(page)).toBeLessThan(0.3);
  await page.getByRole("button", { name: "System", exact: true }).click();
  await expect.poll(() => lightness(page)).toBeGreaterThan(0.8);
});

test("the shell speaks the browser's language until another is chosen", async ({ profile }) => {
  const page = await profile({ locale: "de-AT" });
  await signIn(page, BOB, "/echo");
  await expect(page.locator("html")).toHaveAttribute("lang", "de");
  await page.locator("summary").and(page.getByLabel("Konto")).click();
  await expect(page.getByRole("button", { name: "Abmelden" })).toBeVisible();
  await page.getByRole("button", { name: "English" }).click();
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  await expect(page.locator("html[data-hydrated]")).toBeAttached();
  await accountMenu(page).click();
  await page.getByRole("button", { name: "Deutsch" }).click();
  await expect(page.getByRole("navigation", { name: "Hauptnavigation" })).toBeVisible();
});

test("a collapsed navigation stays collapsed on the next page", async ({ page }) => {
  await signIn(page, ALICE, "/echo");
  const width = async () => (await navigation(page).boundingBox())?.width ?? 0;
  const before = await width();
  const toggle = page.getByRole("button", { name: "Collapse navigation" });
  await toggle.click();
  await expect.poll(width).toBeLessThan(before / 2);
  await open(page, "/todos");
  expect(await width()).toBeLessThan(before / 2);
  await expect(toggle).toHaveAttribute("aria-pressed", "true");
  await toggle.click();
  await expect.poll(width).toBe(before);
});

for (const place of PAGES) {
  test(`${place.name} fits a screen of 360 pixels without scrolling sideways`, async ({ page, complaints }) => {
    await page.setViewportSize({ width: 360, height: 740 });
    await visit(page, place, complaints);
    const widths = await page.evaluate(() => [document.documentElement.scrollWidth, document.body.scrollWidth]);
    expect(Math.max(...widths)).toBeLessThanOrEqual(360);
  });
}

test("on a phone the navigation is a sheet that opens, takes the focus, and closes", async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await signIn(page, BOB, "/todos");
  await expect(navigation(page)).not.toBeInViewport();
  await page.getByRole("link", { name: "Open navigation" }).click();
  await expect(page.getByRole("link", { name: "Close navigation" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(navigation(page)).not.toBeInViewport();
  await expect(page.getByRole("link", { name: "Open navigation" })).toBeFocused();
  await page.getByRole("link", { name: "Open navigation" }).click();
  await navigation(page).getByRole("link", { name: "Echo", exact: true }).click();
  await mounted(outlet(page, "Echo"));
  await expect(navigation(page)).not.toBeInViewport();
});
