import type { Page } from "@playwright/test";
import { BROKEN_CARD } from "../support/pages.ts";
import { ALICE, BOB, ERIN } from "../support/people.ts";
import { mounted, open, organization, outlet, signIn } from "../support/shell.ts";
import { expect, test } from "../support/test.ts";

/** Calls a server function as the shell's own client does. */
function call(page: Page, name: string, body: object = {}): Promise<{ status: number; body: any }> {
  return page.evaluate(async ([name, body]) => {
    const response = await fetch(`/api/fn/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-csrf": "1" },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  }, [name, body] as const);
}

/** The next call of a server function that the page makes by itself. */
function called(page: Page, name: string) {
  return page.waitForResponse((response) => new URL(response.url()).pathname === `/api/fn/${name}`);
}

test("session says who is signed in, and says the same as the plain route", async ({ page }) => {
  await signIn(page, BOB, "/echo");
  const { status, body } = await call(page, "session");
  expect(status).toBe(200);
  expect(body).toMatchObject({ sub: "demo|bob", name: "Bob Baker", email: "bob@acme.example", orgId: "acme" });
  expect(body.entitlements).not.toContain("org.admin");
  const plain = await page.evaluate(() => fetch("/api/platform/session").then((response) => response.json()));
  // The idle time starts anew with each request.
  expect({ ...plain, expiresAt: "" }).toEqual({ ...body, expiresAt: "" });
});

test("session is what the shell asks when another tab signs in as someone else", async ({ context, complaints }) => {
  complaints.allow(/status of 409 .*(fn\/session|fn\/subscribe_events|\/stream)/, /status of 403 .*\/stream/);
  const [first, second] = [await context.newPage(), await context.newPage()];
  await signIn(first, ALICE, "/echo");
  const asked = called(first, "session");
  await signIn(second, ERIN, "/echo");
  expect([200, 409]).toContain((await asked).status());
});

test("applications lists what the session may load, resolved to versions", async ({ page }) => {
  await signIn(page, BOB, "/echo");
  const { status, body } = await call(page, "applications");
  expect(status).toBe(200);
  const todos = body.find(({ id }: { id: string }) => id === "portico.todos");
  expect(todos).toMatchObject({ name: "@portico/todos", version: "1.0.0", format: "esm", integrity: expect.stringMatching(/^sha384-/) });
  expect(body.map(({ id }: { id: string }) => id)).not.toContain("portico.org-admin");
});

test("exchange_remote_token gives a token-mode remote a token for its own audience", async ({ page }) => {
  const answer = called(page, "exchange_remote_token");
  await signIn(page, ALICE, "/insights");
  const token = await (await answer).json();
  expect(token).toMatchObject({ tokenType: "Bearer", audience: "https://api.portico.example/insights", scope: "insights.read" });
  const claims = JSON.parse(Buffer.from(token.accessToken.split(".")[1], "base64url").toString());
  expect(claims).toMatchObject({ aud: "https://api.portico.example/insights", sub: "demo|alice", org_id: "acme" });
});

test("exchange_remote_token refuses a remote in proxy mode, and one that is not there", async ({ page, complaints }) => {
  complaints.allow(/status of 40[34] /);
  await signIn(page, ALICE, "/echo");
  expect((await call(page, "exchange_remote_token", { remote: "portico.todos" })).status).toBe(403);
  expect((await call(page, "exchange_remote_token", { remote: "portico.nothing" })).status).toBeGreaterThanOrEqual(403);
});

test("subscribe_events names the stream, and publish_event answers once Kafka has the event", async ({ page }) => {
  const subscribed = called(page, "subscribe_events");
  await signIn(page, BOB, "/echo");
  await mounted(outlet(page, "Echo"));
  const subscription = await (await subscribed).json();
  expect(subscription.url).toBe("/stream?organization=acme");
  expect(subscription.types).toEqual(["chat.reply", "echo.reply"]);

  const published = called(page, "publish_event");
  await page.getByRole("button", { name: "Send" }).click();
  const answer = await published;
  expect(answer.status()).toBe(200);
  expect((await answer.json()).id).toMatch(/\S/);
});

test("publish_event refuses what the remote did not declare", async ({ page, complaints }) => {
  complaints.allow(/status of 40[034] /);
  await signIn(page, BOB, "/echo");
  for (const event of [{ source: "@portico/echo", kind: "chat.message", data: "1" }, { source: "@portico/nothing", kind: "echo.request", data: "1" }, { source: "@portico/echo", kind: "echo.request", data: "{" }]) {
    const { status, body } = await call(page, "publish_event", event);
    expect(status, JSON.stringify(body)).toBeGreaterThanOrEqual(400);
    expect(body.traceId).toMatch(/^[0-9a-f]{32}$/);
  }
});

test("switch_organization says where to go, and the session is in the other organization", async ({ page, complaints }) => {
  complaints.allow(BROKEN_CARD, /status of 409 .*(fn\/session|fn\/subscribe_events|\/stream)/);
  await signIn(page, ERIN, "/echo");
  const { status, body } = await call(page, "switch_organization", { organization: "globex", return_to: "/todos" });
  expect(status).toBe(200);
  expect(body.location).toBe("/todos");
  // This page was made for the other organization: its stream ends, and it loads itself anew.
  await expect(organization(page)).toContainText("Globex");
  await open(page, "/todos");
  await expect(organization(page)).toContainText("Globex");
});

test("without a session every server function answers 401 as a problem", async ({ page, complaints }) => {
  complaints.allow(/status of 401 /);
  await page.goto("/");
  for (const name of ["session", "applications", "exchange_remote_token", "publish_event", "subscribe_events", "switch_organization"]) {
    const { status, body } = await call(page, name);
    expect(status, name).toBe(401);
    expect(body).toMatchObject({ status: 401, title: expect.any(String), traceId: expect.any(String) });
  }
});
