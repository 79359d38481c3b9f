import { expect, type Page } from "@playwright/test";
import type { Complaints } from "./complaints.ts";
import { BROKEN_CARD, type PortalPage, statusComplaint } from "./pages.ts";
import { hydrated, settled, signIn } from "./shell.ts";

/** Opens a page as the one it is for, and waits until everything on it has arrived. */
export async function visit(page: Page, place: PortalPage, complaints: Complaints): Promise<void> {
  if (place.status >= 400) complaints.allow(statusComplaint(place.status));
  if (place.name === "home") complaints.allow(BROKEN_CARD);
  if (place.as === "nobody" || place.status >= 400) {
    if (place.as !== "nobody") await signIn(page, { username: place.as }, "/echo");
    const response = await page.goto(place.path);
    expect(response?.status(), "status of the document").toBe(place.status);
    await hydrated(page);
  } else {
    await signIn(page, { username: place.as }, place.path);
  }
  await settled(page);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(place.heading);
  for (const banner of ["You are offline.", "You were signed out in another place."]) {
    await expect(page.getByRole("paragraph").filter({ hasText: banner })).toHaveCount(0);
  }
}
