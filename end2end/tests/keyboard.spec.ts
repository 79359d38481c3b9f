import type { Locator, Page } from "@playwright/test";
import { BROKEN_CARD, SESSION_ENDED } from "../support/pages.ts";
import { ALICE } from "../support/people.ts";
import { accountMenu, mounted, navigation, outlet, signIn } from "../support/shell.ts";
import { expect, test } from "../support/test.ts";

test.beforeEach(({ complaints }) => complaints.allow(BROKEN_CARD, SESSION_ENDED));

/** Tabs forward until the target has the focus. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let step = 0; step < 40; step += 1) {
    await page.keyboard.press("Tab");
    if (await target.evaluate((element) => element === (element.getRootNode() as Document | ShadowRoot).activeElement)) return;
  }
  throw new Error(`40 tabs do not lead to ${target}`);
}

test("the whole way by keyboard: skip link, side bar, a remote, signing out", async ({ page, complaints }) => {
  // The focus on a link fetches its remote ahead of need.
  complaints.allow(/wrong-hash/);
  await signIn(page, ALICE);
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "Skip to content" });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();

  await page.keyboard.press("Shift+Tab");
  const link = navigation(page).getByRole("link", { name: "Echo", exact: true });
  await link.focus();
  await page.keyboard.press("Enter");
  await mounted(outlet(page, "Echo"));
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
  await expect(link).toHaveAttribute("aria-current", "page");

  await tabTo(page, page.getByLabel("JSON to send"));
  await page.keyboard.press("Control+A");
  await page.keyboard.type('"by keyboard"');
  await page.keyboard.press("Control+Enter");
  await expect(page.getByRole("list", { name: "Replies" })).toContainText("by keyboard");

  await page.reload();
  await expect(page.locator("html[data-hydrated]")).toBeAttached();
  await tabTo(page, accountMenu(page));
  await page.keyboard.press("Enter");
  await tabTo(page, page.getByRole("button", { name: "Sign out" }));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("One place for your work");
});

test("from the top, tabbing reaches every entry of the side bar in its order", async ({ page }) => {
  await signIn(page, ALICE, "/echo");
  for (const title of ["Home", "Todos", "Chat", "Insights"]) {
    await tabTo(page, navigation(page).getByRole("link", { name: title, exact: true }));
  }
});

test("the command palette opens, finds, moves, goes and closes by keyboard", async ({ page }) => {
  await signIn(page, ALICE, "/echo");
  const palette = page.getByRole("dialog", { name: "Search" });
  await page.keyboard.press("Control+k");
  const box = palette.getByRole("combobox", { name: "Search" });
  await expect(box).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(palette.getByRole("option").nth(1)).toHaveAttribute("aria-selected", "true");
  await page.keyboard.type("insi");
  await expect(palette.getByRole("option")).toHaveCount(1);
  await expect(palette.getByRole("option", { name: /Insights/ })).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Enter");
  await expect(palette).toBeHidden();
  await mounted(outlet(page, "Insights"));
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();

  const search = page.getByRole("button", { name: "Search" });
  await search.focus();
  await page.keyboard.press("Enter");
  await expect(box).toBeFocused();
  await page.keyboard.type("zzz");
  await expect(palette.getByText(/^Nothing found/)).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(palette).toBeHidden();
  await expect(search).toBeFocused();
});

test("the palette runs commands", async ({ page }) => {
  await signIn(page, ALICE, "/echo");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("dark");
  await page.keyboard.press("Enter");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});

test("a menu closes on Escape and gives the focus back", async ({ page }) => {
  await signIn(page, ALICE, "/echo");
  await accountMenu(page).focus();
  await page.keyboard.press("Enter");
  const leave = page.getByRole("button", { name: "Sign out" });
  await expect(leave).toBeVisible();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Escape");
  await expect(leave).toBeHidden();
  await expect(accountMenu(page)).toBeFocused();
});

test("the focus moves to the heading on every navigation, and the live region says where one is", async ({ page }) => {
  await signIn(page, ALICE, "/todos");
  await mounted(outlet(page, "Todos"));
  await navigation(page).getByRole("link", { name: "Insights", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Insights");
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
  await expect(page.locator("body > [role=status]")).toHaveText("Insights");
  await page.goBack();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Todos");
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
});
