import type { Page } from "@playwright/test";
import { BROKEN_CARD, statusComplaint } from "../support/pages.ts";
import { ALICE, BOB, CAROL, ERIN } from "../support/people.ts";
import { mounted, open, organization, outlet, signIn } from "../support/shell.ts";
import { type Stranger, stranger } from "../support/stranger.ts";
import { expect, test } from "../support/test.ts";

let site: Stranger;
test.beforeAll(async () => {
  site = await stranger();
});
test.afterAll(() => site.close());

test.beforeEach(({ complaints }) => complaints.allow(BROKEN_CARD));

/** Sends a form from a page of the stranger and returns the status it is answered with. */
async function submit(page: Page, from: string, target: string, form: { method: "get" | "post"; enctype: string; fields: Record<string, string> }): Promise<number> {
  const inputs = Object.entries(form.fields).map(([name, value]) => `<input type="hidden" name='${name}' value='${value}'>`);
  site.show(`<form action="${target}" method="${form.method}" enctype="${form.enctype}">${inputs.join("")}<button>Win a prize</button></form>`);
  await page.goto(from);
  const answer = page.waitForResponse((response) => response.url().split("?")[0] === target);
  await page.getByRole("button", { name: "Win a prize" }).click();
  return (await answer).status();
}

const CALLS: [name: string, fields: Record<string, string>][] = [
  ["session", {}],
  ["applications", {}],
  ["exchange_remote_token", { remote: "portico.insights" }],
  ["publish_event", { source: "@portico/echo", kind: "echo.request", data: '"forged"' }],
  ["subscribe_events", {}],
  ["switch_organization", { organization: "globex", return_to: "/" }],
];

for (const [name, fields] of CALLS) {
  test(`case_27_ a form on another site cannot call the server function ${name}`, async ({ page, context, baseURL, complaints }) => {
    complaints.allow(/status of 40\d /);
    await signIn(page, ERIN, "/echo");
    await mounted(outlet(page, "Echo"));
    const id = async () => (await context.cookies()).find((cookie) => cookie.name === "__Host-portico")?.value;
    const before = await id();
    const other = await context.newPage();
    // The body of a text/plain form can be made to look like JSON.
    const asJson = { [`{"a":"`]: `","x":${JSON.stringify(fields)}}` };
    for (const from of [site.crossSite, site.sameSite]) {
      for (const [enctype, content] of [["application/x-www-form-urlencoded", fields], ["multipart/form-data", fields], ["text/plain", asJson]] as const) {
        expect(await submit(other, from, `${baseURL}/api/fn/${name}`, { method: "post", enctype, fields: content }), `POST ${enctype} from ${from}`).toBe(403);
      }
      expect(await submit(other, from, `${baseURL}/api/fn/${name}`, { method: "get", enctype: "", fields }), `GET from ${from}`).toBe(405);
    }
    expect(await id(), "the session's id").toBe(before);
    await expect(organization(page)).toContainText("Acme");
    await page.getByLabel("JSON to send").fill('"mine"');
    await page.getByRole("button", { name: "Send" }).click();
    await expect(page.getByRole("list", { name: "Replies" })).toContainText("mine");
    await expect(page.getByRole("list", { name: "Replies" })).not.toContainText("forged");
    await open(page, "/echo");
    await expect(organization(page)).toContainText("Acme");
  });
}

test("case_27_ script on another site cannot call through either", async ({ page, context, baseURL, complaints }) => {
  complaints.allow(/CORS policy|net::ERR_(FAILED|BLOCKED_BY_RESPONSE)|status of 40\d /);
  await signIn(page, BOB, "/echo");
  const other = await context.newPage();
  site.show("");
  for (const from of [site.crossSite, site.sameSite]) {
    await other.goto(from);
    const statuses: number[] = [];
    other.on("response", (response) => statuses.push(response.status()));
    const readable = await other.evaluate(async (base) => {
      const attempts: [string, RequestInit][] = [
        [`${base}/api/fn/publish_event`, { method: "POST", body: "{}", mode: "no-cors" }],
        [`${base}/bff/portico.todos/todos`, { mode: "no-cors" }],
        [`${base}/bff/portico.todos/todos`, { method: "POST", headers: { "x-csrf": "1", "content-type": "application/json" }, body: '{"title":"forged"}' }],
        [`${base}/api/platform/session`, {}],
        [`${base}/events`, { method: "POST", body: "{}", mode: "no-cors" }],
      ];
      const outcomes = attempts.map(([url, init]) => fetch(url, { credentials: "include", ...init }).then((response) => response.type !== "opaque", () => false));
      return Promise.all(outcomes);
    }, baseURL!);
    expect(readable, from).toEqual([false, false, false, false, false]);
    expect(statuses.filter((status) => status < 400 && status !== 200), from).toEqual([]);
  }
  await open(page, "/todos");
  await expect(page.getByRole("list", { name: "To-dos" }).getByRole("listitem").first()).toBeVisible();
  await expect(page.getByText("forged")).toHaveCount(0);
});

test("case_28_ another site cannot sign anyone out", async ({ page, context, baseURL, complaints }) => {
  complaints.allow(/status of 40\d /);
  await signIn(page, ALICE);
  const other = await context.newPage();
  for (const from of [site.crossSite, site.sameSite]) {
    expect(await submit(other, from, `${baseURL}/auth/logout`, { method: "post", enctype: "", fields: {} })).toBe(403);
    expect(await submit(other, from, `${baseURL}/auth/logout`, { method: "get", enctype: "", fields: {} })).toBe(405);
  }
  await open(page, "/");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Welcome, Alice");
});

test("case_28_ nobody can be made to finish a login that someone else began", async ({ page, profile, complaints }) => {
  complaints.allow(statusComplaint(400), /net::ERR_FAILED/);
  // The attacker stops their own login right before the portal redeems the code.
  const attacker = await profile();
  await attacker.route(/\/auth\/callback/, (route) => route.abort());
  const callback = attacker.waitForRequest(/\/auth\/callback\?/);
  await attacker.goto(`/auth/login?login_hint=${CAROL.username}`).catch(() => {});
  const url = (await callback).url();

  site.show(`<a href="${url}">A nice picture</a>`);
  await page.goto(site.crossSite);
  await page.getByRole("link").click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("This sign-in could not be finished");
  expect((await page.context().cookies()).map(({ name }) => name)).not.toContain("__Host-portico");

  await signIn(page, BOB);
  await page.goto(url);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("This sign-in could not be finished");
  await open(page, "/");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Welcome, Bob");
});

test("case_29_ an EventSource of another origin is refused, and takes none of the person's streams", async ({ page, context, baseURL, complaints }) => {
  complaints.allow(/CORS policy|net::ERR_(FAILED|BLOCKED_BY_RESPONSE)|status of 403 /);
  await signIn(page, BOB);
  const other = await context.newPage();
  site.show("");
  for (const from of [site.crossSite, site.sameSite]) {
    await other.goto(from);
    // The browser hides such an answer from the page, and from Playwright's own events.
    const answered = new Map<string, number>();
    const streams: string[] = [];
    const session = await context.newCDPSession(other);
    session.on("Network.requestWillBeSent", ({ requestId, request }) => request.url === `${baseURL}/stream` && streams.push(requestId));
    session.on("Network.responseReceivedExtraInfo", ({ requestId, statusCode }) => answered.set(requestId, statusCode));
    await session.send("Network.enable");
    // More than a session may have open at once.
    const outcomes = await other.evaluate((url) => {
      const open = () => new Promise<string>((resolve) => {
        const source = new EventSource(url, { withCredentials: true });
        source.onopen = () => resolve("open");
        source.onerror = () => resolve(source.readyState === EventSource.CLOSED ? "refused" : "trying");
      });
      return Promise.all(Array.from({ length: 25 }, open));
    }, `${baseURL}/stream`);
    expect(new Set(outcomes), from).toEqual(new Set(["refused"]));
    // The cookie does not go to another site at all; to another port it does, and the portal itself refuses.
    expect(new Set(streams.map((id) => answered.get(id))), from).toEqual(new Set([from === site.crossSite ? 401 : 403]));
  }
  await open(page, "/echo");
  await expect(page.getByRole("img", { name: "Live updates are on" })).toBeVisible();
});
