import type { Page } from "@playwright/test";
import { BROKEN_CARD, statusComplaint } from "../support/pages.ts";
import { ERIN } from "../support/people.ts";
import { hydrated, mounted, open, organization, outlet, signIn } from "../support/shell.ts";
import { expect, test } from "../support/test.ts";

test.beforeEach(({ complaints }) => complaints.allow(BROKEN_CARD));

async function switchTo(page: Page, name: string): Promise<void> {
  await organization(page).click();
  await page.getByRole("button", { name, exact: true }).click();
  await hydrated(page);
  await expect(organization(page)).toContainText(name);
}

/** A tab that other tabs cannot tell anything. */
function deaf(page: Page): Promise<unknown> {
  return page.addInitScript(() => {
    Object.assign(window, { BroadcastChannel: class extends EventTarget { postMessage() {} close() {} } });
  });
}

test("erin switches organization, stays where she was, and works in the other one", async ({ page }) => {
  await signIn(page, ERIN, "/todos");
  await mounted(outlet(page, "Todos"));
  const items = page.getByRole("list", { name: "To-dos" }).getByRole("listitem");
  await expect(items.first()).toBeVisible();
  const before = await items.allInnerTexts();

  await switchTo(page, "Globex");
  await expect(page).toHaveURL("/todos");
  await mounted(outlet(page, "Todos"));
  await expect(items.first()).toBeVisible();
  expect(await items.allInnerTexts()).not.toEqual(before);
});

test("case_15_ the session id from before a switch is worthless", async ({ page, context, baseURL }) => {
  const id = async () => (await context.cookies()).find(({ name }) => name === "__Host-portico")?.value;
  await signIn(page, ERIN);
  const old = await id();
  await switchTo(page, "Globex");
  expect(await id()).not.toBe(old);
  const response = await fetch(`${baseURL}/api/platform/session`, { headers: { cookie: `__Host-portico=${old}` } });
  expect(response.status).toBe(401);
});

test("another tab is told of the switch and follows by itself", async ({ context, complaints }) => {
  complaints.allow(statusComplaint(409));
  const [first, second] = [await context.newPage(), await context.newPage()];
  await signIn(first, ERIN, "/echo");
  await open(second, "/echo");
  await expect(organization(second)).toContainText("Acme");
  await switchTo(first, "Globex");
  await expect(organization(second)).toContainText("Globex");
});

test("case_15_ a second tab left on the old organization gets 409, reloads, and writes nothing to the wrong one", async ({ context, complaints }) => {
  complaints.allow(statusComplaint(409));
  const [first, second] = [await context.newPage(), await context.newPage()];
  await deaf(second);
  await signIn(first, ERIN, "/echo");
  await open(second, "/todos");
  await mounted(outlet(second, "Todos"));
  await switchTo(first, "Globex");
  await expect(organization(second)).toContainText("Acme");

  const title = `Meant for Acme ${crypto.randomUUID()}`;
  const answer = second.waitForResponse((response) => response.request().method() === "POST" && response.url().includes("/bff/portico.todos/"));
  await second.getByLabel("New to-do").fill(title);
  await second.getByRole("button", { name: "Add", exact: true }).click();
  expect((await answer).status()).toBe(409);
  await expect(organization(second)).toContainText("Globex");

  for (const name of ["Globex", "Acme"]) {
    if (name === "Acme") await switchTo(first, name);
    await open(first, "/todos");
    await expect(first.getByRole("list", { name: "To-dos" }).getByRole("listitem").first()).toBeVisible();
    await expect(first.getByText(title)).toHaveCount(0);
  }
});

test("a switch to an organization that the person does not belong to is refused", async ({ page, complaints }) => {
  complaints.allow(statusComplaint(404));
  await signIn(page, { username: "bob" }, "/echo");
  const status = await page.evaluate(async () => {
    const response = await fetch("/api/platform/organization", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ organization: "globex" }),
    });
    return response.status;
  });
  // As if there were no such organization: whether there is one is nobody else's business.
  expect(status).toBe(404);
  await open(page, "/echo");
  await expect(organization(page)).toHaveText("Acme");
});
