import type { Page } from "@playwright/test";
import { BOB, ALICE } from "../support/people.ts";
import { mounted, outlet, signIn } from "../support/shell.ts";
import { expect, test } from "../support/test.ts";

/** What happens on the way to the browser: the file is another one than was signed. */
async function swap(page: Page, url: RegExp, change: (text: string) => string): Promise<void> {
  await page.route(url, async (route) => {
    const response = await route.fetch();
    const headers = { ...response.headers() };
    delete headers["content-encoding"];
    delete headers["content-length"];
    await route.fulfill({ status: response.status(), headers, body: change(await response.text()) });
  });
}

const RAN = "Object.assign(globalThis, { swapped: true });";
const ran = (page: Page) => page.evaluate(() => "swapped" in window);

test("case_57_ an entry that was swapped on the way does not run", async ({ page, complaints }) => {
  complaints.allow(/integrity/i);
  await swap(page, /\/remotes\/portico\.echo\/.*\.js/, (text) => RAN + text);
  await signIn(page, BOB, "/echo");
  await expect(outlet(page, "Echo")).toHaveAttribute("data-phase", "failed");
  expect(await ran(page)).toBe(false);
});

test("case_57_ a chunk that was swapped on the way does not run", async ({ page, complaints }) => {
  complaints.allow(/integrity/i);
  // The one that is loaded later, by the entry's own `import()`.
  await swap(page, /\/remotes\/portico\.insights\/.*\.js/, (text) => (text.includes("areaChart}") || text.includes("as areaChart") ? RAN + text : text));
  await signIn(page, ALICE, "/insights");
  await mounted(outlet(page, "Insights"));
  await expect(outlet(page, "Insights").getByText("The figures could not be loaded")).toBeVisible();
  expect(await ran(page)).toBe(false);
});

test("case_57_ a style sheet that was swapped on the way is not applied", async ({ page, complaints }) => {
  complaints.allow(/integrity/i);
  await swap(page, /\/remotes\/portico\.org-admin\/.*\.css/, (text) => `${text} * { color: rgb(1, 2, 3) }`);
  await signIn(page, ALICE, "/org-admin");
  const place = outlet(page, "Organization");
  await expect(place).toHaveAttribute("data-phase", "failed");
  expect(await place.evaluate((element) => getComputedStyle(element).color)).not.toBe("rgb(1, 2, 3)");
});

test("case_57_ code that no manifest lists is not imported, from this origin or from another", async ({ page, complaints }) => {
  complaints.allow(/integrity|Content Security Policy|report:/i);
  await signIn(page, BOB, "/echo");
  await mounted(outlet(page, "Echo"));
  for (const url of ["/favicon.svg?as=module", "/remotes/portico.echo/1.0.0/other.js", "http://localhost:4019/wrong-hash/index.js", "data:text/javascript,swapped=1"]) {
    const outcome = await page.evaluate((target) => import(target).then(() => "imported", () => "refused"), url);
    expect(outcome, url).toBe("refused");
  }
});

test("case_57_ the shell's own WebAssembly runs only with the hash that its boot module names", async ({ page, complaints }) => {
  complaints.allow(/integrity|Failed to fetch/i);
  await page.route(/\/pkg\/.*\.wasm/, async (route) => {
    const response = await route.fetch();
    const body = Buffer.concat([await response.body(), Buffer.from([0, 1, 0])]);
    const headers = { ...response.headers() };
    delete headers["content-encoding"];
    delete headers["content-length"];
    await route.fulfill({ status: 200, headers, body });
  });
  await page.goto(`/auth/login?login_hint=${BOB.username}&return_to=/echo`);
  await expect.poll(() => complaints.matching(/integrity/i).length).toBeGreaterThan(0);
  await expect(page.locator("html[data-hydrated]")).toHaveCount(0);
  // What the server rendered still stands.
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Echo");
});
