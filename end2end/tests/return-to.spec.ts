import { BROKEN_CARD } from "../support/pages.ts";
import { expect, test } from "../support/test.ts";

/** Every known way to make `return_to` leave the portal. */
const TRICKS = [
  "https://evil.example/",
  "//evil.example",
  "///evil.example",
  "////evil.example/%2f..",
  "/\\evil.example",
  "\\/evil.example",
  "\\\\evil.example",
  "/\t/evil.example",
  "/\n/evil.example",
  "\t//evil.example",
  " //evil.example",
  "https:evil.example",
  "https:/evil.example",
  "http://127.0.0.1@evil.example/",
  "http://127.0.0.1:3300.evil.example/",
  "javascript:location='https://evil.example'",
  "data:text/html,<script>location='https://evil.example'</script>",
  "/%2f/evil.example",
  "%2f%2fevil.example",
  "/%5cevil.example",
  "/..//evil.example",
  "/.//evil.example",
  "/%2e%2e//evil.example",
  "/;@evil.example",
  "//evil%E3%80%82example",
  "／／evil.example",
  "/／evil.example",
  "/\u2028/evil.example",
  "/\0/evil.example",
  "?//evil.example",
  "#//evil.example",
  "//[::1]@evil.example",
];

for (const [index, tricks] of inParts(TRICKS, 8).entries()) {
  test(`case_31_ whatever return_to says, a login ends on the portal's own origin (part ${index + 1})`, async ({ page, complaints, baseURL }) => {
    complaints.allow(BROKEN_CARD, /status of 40\d /);
    const foreign: string[] = [];
    await page.route((url) => url.origin !== baseURL && url.protocol.startsWith("http") && !url.port.startsWith("40"), (route) => {
      foreign.push(route.request().url());
      return route.abort();
    });
    for (const trick of tricks) {
      await page.context().clearCookies();
      await page.goto(`/auth/login?login_hint=bob&return_to=${encodeURIComponent(trick)}`);
      expect(new URL(page.url()).origin, JSON.stringify(trick)).toBe(baseURL);
      await expect(page.getByRole("navigation", { name: "Main" }), JSON.stringify(trick)).toBeVisible();
    }
    expect(foreign).toEqual([]);
  });
}

function inParts<T>(items: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
}

test("case_31_ a path of the portal survives the login, its query with it", async ({ page }) => {
  await page.goto(`/auth/login?login_hint=bob&return_to=${encodeURIComponent("/todos?filter=%C3%A4&x=1//2")}`);
  await expect(page).toHaveURL("/todos?filter=%C3%A4&x=1//2");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Todos");
});
