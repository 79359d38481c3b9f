import type { Page } from "@playwright/test";
import { BROKEN_CARD, PAGES, statusComplaint } from "../support/pages.ts";
import { BOB } from "../support/people.ts";
import { hydrated, mounted, outlet, signIn } from "../support/shell.ts";
import { expect, test } from "../support/test.ts";
import { visit } from "../support/visit.ts";

const ATTACKS = [
  '</script><img src=x onerror="window.owned=1">',
  '"><svg onload=window.owned=1>',
  "{{constructor.constructor('window.owned=1')()}}",
  "<!--<script>window.owned=1//",
  "'-alert(1)-'\u2028window.owned=1",
  "javascript:window.owned=1",
  "<iframe srcdoc='<script>parent.owned=1</script>'>",
];

const owned = (page: Page) => page.evaluate(() => "owned" in window);

test("case_61_ markup in a title, an event and a message stays text, after a reload too", async ({ page }) => {
  await signIn(page, BOB, "/todos");
  for (const attack of ATTACKS) {
    const title = `${attack} ${crypto.randomUUID()}`;
    await page.getByLabel("New to-do").fill(title);
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await expect(page.getByRole("list", { name: "To-dos" })).toContainText(title.replace("\u2028", " ").slice(-36));
  }
  await page.reload();
  await mounted(outlet(page, "Todos"));
  await expect(page.getByText(ATTACKS[0]!).first()).toBeVisible();
  expect(await owned(page)).toBe(false);
  expect(await outlet(page, "Todos").locator("img, iframe, script").count()).toBe(0);

  await page.goto("/echo");
  await hydrated(page);
  await page.getByLabel("JSON to send").fill(JSON.stringify(ATTACKS));
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByRole("list", { name: "Replies" })).toContainText("owned=1");
  expect(await owned(page)).toBe(false);

  await page.goto("/chat");
  await hydrated(page);
  for (const attack of ATTACKS.slice(0, 3)) {
    await page.getByLabel("Your message").fill(attack);
    await page.keyboard.press("Enter");
    await expect(page.getByRole("log")).toContainText(attack);
  }
  expect(await owned(page)).toBe(false);
  // Leave the lists as they were for whoever tests next.
  await page.evaluate(async () => {
    const headers = { "x-portico-org": "acme" };
    const { items } = await (await fetch("/bff/portico.todos/todos", { headers })).json();
    const mine = items.filter(({ title }: { title: string }) => title.includes("owned=1"));
    await Promise.all(mine.map(({ id }: { id: string }) => fetch(`/bff/portico.todos/todos/${id}`, { method: "DELETE", headers })));
  });
});

test("case_61_ markup in an address stays text on every page that repeats it", async ({ page, complaints }) => {
  complaints.allow(BROKEN_CARD, /status of 40[0-4] /);
  for (const attack of ATTACKS) {
    const text = encodeURIComponent(attack);
    for (const path of [`/nothing/${text}`, `/todos?x=${text}`, `/auth/callback?state=${text}&code=${text}`, `/auth/login?login_hint=${text}`]) {
      await page.goto(path);
      expect(await owned(page), path).toBe(false);
    }
  }
  await signIn(page, BOB, `/todos?x=${encodeURIComponent(ATTACKS[0]!)}`);
  await page.goto(`/nothing/${encodeURIComponent(ATTACKS[0]!)}`);
  await hydrated(page);
  expect(await owned(page)).toBe(false);
});

test("case_60_ a nonce is never used twice, stands in header and HTML alike, and no policy allows inline code", async ({ page, complaints }) => {
  complaints.allow(BROKEN_CARD, /status of 40[034] /);
  await signIn(page, BOB);
  const nonces = new Set<string>();
  let loads = 0;
  for (const path of ["/", "/todos", "/nothing", "/org-admin", "/auth/callback?state=x&code=y"]) {
    // The session's cookie is Secure, so only the page itself sends it over http on loopback.
    const answers = await page.evaluate(async (path) => {
      const load = async () => {
        const response = await fetch(path, { cache: "no-store" });
        return { policy: response.headers.get("content-security-policy") ?? "", html: await response.text() };
      };
      return Promise.all(Array.from({ length: 40 }, load));
    }, path);
    for (const { policy, html } of answers) {
      const [, nonce = ""] = /'nonce-([^']+)'/.exec(policy) ?? [];
      expect(nonce.length).toBeGreaterThanOrEqual(22);
      const inHtml = [...html.matchAll(/ nonce="([^"]*)"/g)].map(([, value]) => value);
      expect(new Set(inHtml), path).toEqual(new Set([nonce]));
      expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'|strict-dynamic|(^|\s)\*(\s|;|$)/);
      nonces.add(nonce);
      loads += 1;
    }
  }
  expect(nonces.size).toBe(loads);
});

for (const place of PAGES.filter(({ name }) => ["home", "insights", "not-found", "signed-out", "error"].includes(name))) {
  test(`case_60_ after the boot, nothing in the document of ${place.name} tells its nonce`, async ({ page, complaints }) => {
    complaints.allow(statusComplaint(place.status));
    const response = page.waitForResponse((candidate) => candidate.request().isNavigationRequest() && new URL(candidate.url()).pathname === new URL(place.path, "http://x").pathname && candidate.status() === place.status);
    await visit(page, place, complaints);
    const policy = (await (await response).allHeaders())["content-security-policy"] ?? "";
    const [, nonce = "none"] = /'nonce-([^']+)'/.exec(policy) ?? [];
    expect(nonce).not.toBe("none");
    const told = await page.evaluate(() => [...document.querySelectorAll<HTMLElement>("*")].map((element) => element.nonce ?? "").join("") + document.documentElement.outerHTML);
    expect(told).not.toContain(nonce);
  });
}
