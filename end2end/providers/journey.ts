import { expect, type Page } from "@playwright/test";
import { hydrated } from "../support/shell.ts";
import type { TestProvider } from "./provider.ts";

/** From the portal to the provider's form and back, to `path`. */
export async function signIn(page: Page, provider: TestProvider, username: string, path: string): Promise<void> {
  await page.goto(`/auth/login?return_to=${path}`);
  expect(page.url()).toContain(new URL(provider.issuer).origin);
  await provider.signIn(page, username);
  await expect(page).toHaveURL(path);
  await hydrated(page);
}

/** The page for whoever is not signed in. */
export async function frontDoor(page: Page): Promise<void> {
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("One place for your work");
}
