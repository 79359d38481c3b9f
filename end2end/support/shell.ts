import { expect, type Locator, type Page } from "@playwright/test";
import type { Person } from "./people.ts";

/** Signs in without any form (the provider takes `login_hint` for it) and waits until the shell has taken over. */
export async function signIn(page: Page, { username }: Pick<Person, "username">, returnTo = "/"): Promise<void> {
  await page.goto(`/auth/login?login_hint=${username}&return_to=${encodeURIComponent(returnTo)}`);
  await hydrated(page);
}

/** Opens the account menu and signs out. */
export async function signOut(page: Page): Promise<void> {
  await accountMenu(page).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("One place for your work");
}

/** Goes to a page and waits until the shell has taken over. */
export async function open(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await hydrated(page);
}

/** The boot module marks the document once the shell listens. */
export async function hydrated(page: Page): Promise<void> {
  await expect(page.locator("html[data-hydrated]")).toBeAttached();
}

/** The side bar. */
export function navigation(page: Page): Locator {
  return page.getByRole("navigation", { name: "Main" });
}

export function accountMenu(page: Page): Locator {
  return page.locator("summary").and(page.getByLabel("Account"));
}

/** The organization's name in the top bar; for people with several it opens the menu. */
export function organization(page: Page): Locator {
  return page.locator(".topbar .organization");
}

/** The place of one remote: a page by its title, a card by its heading. */
export function outlet(page: Page, title: string): Locator {
  return page.getByRole("group", { name: title, exact: true }).and(page.locator("[data-phase]"));
}

/** Waits until the remote is on the page. */
export async function mounted(place: Locator): Promise<void> {
  await expect(place).toHaveAttribute("data-phase", "ready");
}

/** Waits until every place on the page has its remote, with its data, or says why not. */
export async function settled(page: Page): Promise<void> {
  await hydrated(page);
  await expect(page.locator("[data-phase=loading], [data-phase=mounting]")).toHaveCount(0);
  // The example remotes' own skeletons.
  await expect(page.locator(".bone")).toHaveCount(0);
}
