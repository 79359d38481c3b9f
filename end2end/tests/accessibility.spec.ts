import type { Page } from "@playwright/test";
import { findings } from "../support/axe.ts";
import { BROKEN_CARD, PAGES } from "../support/pages.ts";
import { ALICE, BOB, ERIN } from "../support/people.ts";
import { accountMenu, organization, outlet, signIn } from "../support/shell.ts";
import { expect, test } from "../support/test.ts";
import { visit } from "../support/visit.ts";

/** Everything in light; in dark, what colours decide. */
async function inBothThemes(page: Page): Promise<void> {
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  expect(await findings(page), "light").toEqual([]);
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  // Colours change with the next frames, and some of them over time: what is measured is where they end.
  await page.evaluate(async () => {
    for (let frame = 0; frame < 2; frame += 1) await new Promise((done) => requestAnimationFrame(done));
    // One without an end (a skeleton's, while a remote still loads) never finishes.
    const ends = (animation: Animation) => animation.effect?.getComputedTiming().endTime !== Infinity;
    const finite = document.getAnimations().filter(ends);
    await Promise.allSettled(finite.map((animation) => animation.finished));
  });
  expect(await findings(page, ["color-contrast", "link-in-text-block"]), "dark").toEqual([]);
}

for (const place of PAGES) {
  test(`axe finds nothing serious on ${place.name}, in light and dark`, async ({ page, complaints }) => {
    await visit(page, place, complaints);
    await inBothThemes(page);
  });
}

test("axe finds nothing serious in a remote's failure", async ({ page, complaints }) => {
  complaints.allow(BROKEN_CARD);
  await signIn(page, BOB, "/fixtures/throws-in-mount");
  await expect(outlet(page, "Throws in mount")).toHaveAttribute("data-phase", "failed");
  await outlet(page, "Throws in mount").getByText("Details").click();
  await inBothThemes(page);
});

test("axe finds nothing serious in the palette", async ({ page }) => {
  await signIn(page, ALICE, "/echo");
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("dialog", { name: "Search" })).toBeVisible();
  await inBothThemes(page);
});

test("axe finds nothing serious in the open menus", async ({ page }) => {
  await signIn(page, ERIN, "/echo");
  for (const menu of [accountMenu(page), organization(page), page.locator("summary").and(page.getByLabel("Theme"))]) {
    await menu.click();
    await inBothThemes(page);
    await page.keyboard.press("Escape");
  }
});

test("axe finds nothing serious in the sheet on a phone", async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await signIn(page, ALICE, "/echo");
  await page.getByRole("link", { name: "Open navigation" }).click();
  await expect(page.getByRole("link", { name: "Close navigation" })).toBeFocused();
  await inBothThemes(page);
});

test("axe finds nothing serious in a conversation", async ({ page }) => {
  await signIn(page, ALICE, "/chat");
  await page.getByLabel("Your message").fill("What is a manifest?");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("log")).toContainText("It asks; the platform's grants decide.");
  await inBothThemes(page);
});

test("axe finds nothing serious on the provider's sign-in page", async ({ page }) => {
  await page.goto("/auth/login");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in");
  await inBothThemes(page);
});
