import { fileURLToPath } from "node:url";
import { PAGES } from "../support/pages.ts";
import { ERIN, BOB } from "../support/people.ts";
import { accountMenu, organization, outlet, signIn } from "../support/shell.ts";
import { expect, test } from "../support/test.ts";
import { visit } from "../support/visit.ts";

// Not a test of looks: pictures for people to look at, `npm run screenshots`.
const FOLDER = fileURLToPath(new URL("../screenshots/", import.meta.url));
const SIZES = { wide: { width: 1440, height: 900 }, phone: { width: 360, height: 740 } };

for (const [size, viewport] of Object.entries(SIZES)) {
  for (const colorScheme of ["light", "dark"] as const) {
    test.describe(`${size} ${colorScheme}`, () => {
      test.use({ viewport, colorScheme });
      const file = (name: string) => `${FOLDER}${name}.${size}.${colorScheme}.png`;

      for (const place of PAGES) {
        test(place.name, async ({ page, complaints }) => {
          await visit(page, place, complaints);
          await page.screenshot({ path: file(place.name), animations: "disabled" });
        });
      }

      test("palette", async ({ page }) => {
        await signIn(page, BOB, "/todos");
        await page.keyboard.press("Control+k");
        await expect(page.getByRole("dialog", { name: "Search" })).toBeVisible();
        await page.screenshot({ path: file("palette"), animations: "disabled" });
      });

      test("menus and failure", async ({ page, complaints }) => {
        complaints.allow(/throws in mount/);
        await signIn(page, ERIN, "/fixtures/throws-in-mount");
        await expect(outlet(page, "Throws in mount")).toHaveAttribute("data-phase", "failed");
        await accountMenu(page).click();
        await page.screenshot({ path: file("failure-and-account"), animations: "disabled" });
        await organization(page).click();
        await page.screenshot({ path: file("organizations"), animations: "disabled" });
      });

      test("navigation and conversation", async ({ page }) => {
        await signIn(page, BOB, "/chat");
        await page.getByLabel("Your message").fill("How do I publish a remote?");
        await page.keyboard.press("Enter");
        await expect(page.getByRole("log")).toContainText("Nobody on the platform team has to release anything.");
        await page.screenshot({ path: file("conversation"), animations: "disabled" });
        if (size === "phone") await page.getByRole("link", { name: "Open navigation" }).click();
        await page.screenshot({ path: file("navigation"), animations: "disabled" });
      });

      test("interrupted", async ({ page, complaints }) => {
        complaints.allow(/status of 503/);
        await page.route(/\/stream\?/, (route) => route.fulfill({ status: 503, body: "" }));
        await signIn(page, BOB, "/echo");
        await expect(page.locator("#connection")).toHaveAttribute("data-state", "offline");
        await page.screenshot({ path: file("interrupted"), animations: "disabled" });
      });

      test("provider", async ({ page }) => {
        await page.goto("/auth/login");
        await page.screenshot({ path: file("provider"), animations: "disabled" });
      });
    });
  }
}
