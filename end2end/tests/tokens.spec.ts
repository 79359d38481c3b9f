import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { ADMIN_URL } from "../portal/addresses.ts";
import { LOGS } from "../portal/portal.ts";
import { BROKEN_CARD, SESSION_ENDED } from "../support/pages.ts";
import { ALICE } from "../support/people.ts";
import { Recorder } from "../support/recorder.ts";
import { type Finding, type IssuedToken, TokenScanner } from "../support/scanner.ts";
import { mounted, navigation, outlet, signIn, signOut } from "../support/shell.ts";
import { expect, test } from "../support/test.ts";

test.beforeEach(({ complaints }) => complaints.allow(BROKEN_CARD, SESSION_ENDED));

async function issued(): Promise<IssuedToken[]> {
  const response = await fetch(`${ADMIN_URL}/dev/issued-tokens`);
  expect(response.status).toBe(200);
  return (await response.json()) as IssuedToken[];
}

const INSIGHTS = "https://api.portico.example/insights";

/** The two places where a token may be: token mode's own, and the hint that the provider needs to end its session. */
function isAllowed({ token, place }: Finding, baseURL: string): boolean {
  const ownToken = token.kind === "exchanged" && token.audience === INSIGHTS;
  const ownPlace = place === `response body 200 POST ${baseURL}/api/fn/exchange_remote_token`
    || place === "request GET http://127.0.0.1:4012/live" || place === "request headers on the wire to 127.0.0.1:4012";
  const hint = token.kind === "id"
    && (place === `response headers 303 POST ${baseURL}/auth/logout` || place.includes(`GET ${baseURL}/dev/idp/end-session?id_token_hint=`));
  return (ownToken && ownPlace) || hint;
}

function words(findings: Finding[]): string[] {
  return [...new Set(findings.map(({ token, place }) => `${token.kind} ${token.audience ?? ""} token in ${place.slice(0, 160)}`))];
}

/** A working day: every remote, a conversation, an event. */
async function work(page: Page, recorder: Recorder): Promise<void> {
  const go = (title: string) => navigation(page).getByRole("link", { name: title, exact: true }).click();
  await recorder.snapshot();
  await go("Todos");
  await page.getByLabel("New to-do").fill(`Scan ${crypto.randomUUID()}`);
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await mounted(outlet(page, "Todos"));
  await recorder.snapshot();
  await go("Insights");
  await expect(outlet(page, "Insights").getByText("Live", { exact: true })).toBeVisible();
  await recorder.snapshot();
  await go("Organization");
  await expect(page.getByText("bob@acme.example").first()).toBeVisible();
  await recorder.snapshot();
  await go("Chat");
  await page.getByLabel("Your message").fill("Where do my tokens live?");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("log")).toContainText("is signed out within a second.");
  await recorder.snapshot();
  await go("Echo");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByRole("list", { name: "Replies" })).toContainText("Hello out there");
  await recorder.snapshot();
}

test("case_22_ from login to logout the browser gets no token but token mode's own, and the log holds none", async ({ page, baseURL, complaints }) => {
  complaints.allow(/status of 40[04] /);
  const recorder = await Recorder.follow(page);
  await page.goto("/");
  await recorder.snapshot();
  await signIn(page, ALICE);
  for (const card of ["Due next", "Ask Portico", "This week"]) await mounted(outlet(page, card));
  await work(page, recorder);
  await page.goto("/nothing");
  await page.goto("/auth/callback?state=x&code=y");
  await page.goto("/todos");
  await signOut(page);
  await recorder.snapshot();

  const tokens = await issued();
  const kinds = new Set(tokens.map(({ kind }) => kind));
  for (const kind of ["id", "access", "refresh", "exchanged"]) expect(kinds).toContain(kind);
  const scanner = new TokenScanner(tokens);
  const findings = scanner.scan(recorder.traces);
  expect(recorder.unread, "bodies that could not be read").toEqual([]);
  expect(words(findings.filter((finding) => !isAllowed(finding, baseURL!)))).toEqual([]);
  // What is allowed has been seen: the scan was not blind.
  expect(words(findings)).toContainEqual(expect.stringContaining(`exchanged ${INSIGHTS} token in response body`));
  expect(words(findings)).toContainEqual(expect.stringContaining("id  token in response headers"));
  for (const needed of ["stream event chat.reply", "localStorage at", "shadow roots at", "response body 200 GET"]) {
    expect(recorder.traces.some(({ place }) => place.startsWith(needed)), needed).toBe(true);
  }

  const log = await readFile(join(LOGS, "portico.log"), "utf8");
  expect(log.length).toBeGreaterThan(1_000);
  expect(words(scanner.scan([{ place: "portico.log", text: log }]))).toEqual([]);
});

test("case_22_ a token planted anywhere makes the scan fail", async ({ page, context, baseURL }) => {
  const recorder = await Recorder.follow(page);
  await signIn(page, ALICE, "/echo");
  const token = (await issued()).findLast(({ kind }) => kind === "access")!;
  await page.route("**/planted-body", (route) => route.fulfill({ body: `{"token":"${token.value}"}` }));
  await page.route("**/planted-header", (route) => route.fulfill({ body: "", headers: { "x-token": token.value } }));
  await context.addCookies([{ name: "planted", value: token.value, url: baseURL! }]);
  await page.evaluate(async (value) => {
    localStorage.setItem("planted", value);
    sessionStorage.setItem("planted", btoa(`{"token":"${value}"}`));
    history.replaceState({ value }, "");
    window.name = value;
    console.info(`planted ${value}`);
    document.body.dataset["planted"] = value;
    const shadow = document.body.appendChild(document.createElement("div")).attachShadow({ mode: "open" });
    shadow.innerHTML = `<p>${value.split(".")[2]}</p>`;
    await new Promise<void>((resolve) => {
      indexedDB.open(value).onsuccess = () => resolve();
    });
    // Read to the end: an answer is in the resource timing only then.
    for (const path of ["/planted-body", "/planted-header", `/healthz?planted=${value}`]) await (await fetch(path)).text();
  }, token.value);
  await recorder.snapshot();

  const places = new TokenScanner([token]).scan(recorder.traces).filter((finding) => !isAllowed(finding, baseURL!)).map(({ place }) => place);
  for (const planted of ["localStorage", "sessionStorage", "history state", "window name", "console", "document", "shadow roots", "IndexedDB names",
    "readable cookies", "cookies at", "request GET", "resource timing"]) {
    expect(places.some((place) => place.startsWith(planted)), planted).toBe(true);
  }
});
