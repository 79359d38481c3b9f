import { BROKEN_CARD } from "../support/pages.ts";
import { ALICE, BOB, CAROL } from "../support/people.ts";
import { mounted, navigation, open, outlet, signIn } from "../support/shell.ts";
import { expect, test } from "../support/test.ts";

test("todos: an item is listed, added, completed and deleted", async ({ page }) => {
  await signIn(page, BOB, "/todos");
  const place = outlet(page, "Todos");
  await mounted(place);
  const list = place.getByRole("list", { name: "To-dos" });
  await expect(list.getByRole("listitem").first()).toBeVisible();

  const title = `Water the plants ${crypto.randomUUID()}`;
  await place.getByLabel("New to-do").fill(title);
  await place.getByRole("button", { name: "Add", exact: true }).click();
  const item = list.getByRole("listitem").filter({ hasText: title });
  await expect(item.getByRole("button", { name: `Delete "${title}"` })).toBeEnabled();

  const saved = page.waitForResponse((response) => response.request().method() === "PATCH");
  await item.getByRole("checkbox").click();
  expect((await saved).status()).toBe(200);
  await expect(item).toHaveCount(0);
  await place.getByRole("button", { name: /^Done/ }).click();
  await expect(item.getByRole("checkbox")).toBeChecked();

  const deleted = page.waitForResponse((response) => response.request().method() === "DELETE");
  await item.getByRole("button", { name: `Delete "${title}"` }).click();
  expect((await deleted).status()).toBe(204);
  await expect(item).toHaveCount(0);
  await open(page, "/todos");
  await place.getByRole("button", { name: /^All/ }).click();
  await expect(list.getByRole("listitem").first()).toBeVisible();
  await expect(item).toHaveCount(0);
});

test("todos: the card on the home page shows what is due and ticks it off", async ({ page, complaints }) => {
  complaints.allow(BROKEN_CARD);
  await signIn(page, CAROL);
  const card = outlet(page, "Due next");
  await mounted(card);
  const items = card.getByRole("listitem");
  await expect(items.first()).toBeVisible();
  const title = await items.first().locator(".title").innerText();
  const saved = page.waitForResponse((response) => response.request().method() === "PATCH");
  await items.first().getByRole("checkbox").click();
  expect((await saved).status()).toBe(200);
  await expect(items.filter({ hasText: title })).toHaveCount(0);
  await card.getByRole("link", { name: /more|All to-dos/ }).click();
  await expect(page).toHaveURL("/todos");
  await mounted(outlet(page, "Todos"));
  // A navigation inside the document: nothing was loaded anew.
  expect(await page.evaluate(() => performance.getEntriesByType("navigation")[0]?.name)).not.toContain("/todos");
});

test("todos: organizations have lists of their own", async ({ page, profile }) => {
  const title = `Only for Acme ${crypto.randomUUID()}`;
  await signIn(page, BOB, "/todos");
  await page.getByLabel("New to-do").fill(title);
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await expect(page.getByRole("button", { name: `Delete "${title}"` })).toBeEnabled();
  const other = await profile();
  await signIn(other, CAROL, "/todos");
  await expect(other.getByRole("list", { name: "To-dos" }).getByRole("listitem").first()).toBeVisible();
  await expect(other.getByText(title)).toHaveCount(0);
});

test("chat: a message is sent, and the answer arrives piece by piece", async ({ page }) => {
  await signIn(page, ALICE, "/chat");
  const place = outlet(page, "Chat");
  await mounted(place);
  await expect(place.getByRole("button", { name: "What is Portico?" })).toBeVisible();
  // Counts the different texts the answer has had, to tell a stream from a lump.
  await place.getByRole("log", { name: "Messages" }).evaluate((log) => {
    const seen = new Set<string>();
    new MutationObserver(() => {
      const text = [...log.querySelectorAll(".message.assistant .text")].at(-1)?.textContent;
      if (text) seen.add(text);
      Object.assign(window, { answerSteps: seen.size });
    }).observe(log, { childList: true, subtree: true, characterData: true });
  });
  await place.getByLabel("Your message").fill("Where do my tokens live?");
  await page.keyboard.press("Enter");
  await expect(place.getByRole("log")).toContainText("Your browser holds one opaque cookie and no tokens.");
  await expect(place.getByRole("log")).toContainText("Sign out once and every open tab, on every instance, is signed out within a second.");
  expect(await page.evaluate(() => (window as { answerSteps?: number }).answerSteps)).toBeGreaterThan(3);
  await expect(page.getByRole("img", { name: "Live updates are on" })).toBeVisible();
});

test("chat: the conversation is there after a walk to another page, and in the card", async ({ page, complaints }) => {
  complaints.allow(BROKEN_CARD);
  await signIn(page, ALICE, "/chat");
  await outlet(page, "Chat").getByLabel("Your message").fill("What is a manifest?");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("log")).toContainText("It asks; the platform's grants decide.");
  await navigation(page).getByRole("link", { name: "Home", exact: true }).click();
  await expect(outlet(page, "Ask Portico").getByRole("log")).toContainText("It asks; the platform's grants decide.");
});

test("insights: one aggregated call fills the page, and token mode reads what happens right now", async ({ page }) => {
  const calls: string[] = [];
  page.on("request", (request) => calls.push(request.url()));
  await signIn(page, ALICE, "/insights");
  const place = outlet(page, "Insights");
  await mounted(place);
  await expect(place.getByRole("heading", { name: "Active people per day" })).toBeVisible();
  await expect(place.getByRole("heading", { name: "Most used" })).toBeVisible();
  expect(calls.filter((url) => url.includes("/bff/portico.insights/"))).toHaveLength(1);

  await expect(place.getByText("Live", { exact: true })).toBeVisible();
  expect(calls).toContain("http://127.0.0.1:4012/live");
  const other = page.waitForResponse(/\/bff\/portico\.insights\/summary\?days=90/);
  await place.getByRole("button", { name: "90 days" }).click();
  expect((await other).status()).toBe(200);
  await expect(place.getByText("compared with the 90 days before")).toBeVisible();
});

test("org-admin: alice sees the organization and finds people in it", async ({ page }) => {
  await signIn(page, ALICE, "/org-admin");
  const place = outlet(page, "Organization");
  await mounted(place);
  const members = place.getByRole("table", { name: "Members" }).locator("tbody").getByRole("row");
  await expect(members.filter({ hasText: "Bob Baker" })).toHaveCount(1);
  const all = await members.count();
  await place.getByRole("searchbox", { name: "Find a person" }).fill("bob");
  await expect(members).toHaveCount(1);
  await place.getByRole("searchbox", { name: "Find a person" }).fill("");
  await expect(members).toHaveCount(all);
});

test("echo: what comes back is what was sent", async ({ page }) => {
  await signIn(page, BOB, "/echo");
  const place = outlet(page, "Echo");
  await mounted(place);
  const mark = crypto.randomUUID();
  const sent = `{"z":1,"a":[true,null,"ü\\u0007 </script>"],"big":12345678901234567890,"mark":"${mark}"}`;
  await place.getByLabel("JSON to send").fill(sent);
  await place.getByRole("button", { name: "Send" }).click();
  const reply = place.getByRole("list", { name: "Replies" }).getByRole("listitem").filter({ hasText: mark });
  await expect(reply).toHaveCount(1);
  const shown = JSON.parse(await reply.locator("pre").innerText());
  expect(shown).toEqual(JSON.parse(sent));
  expect(Object.keys(shown)).toEqual(["z", "a", "big", "mark"]);
});

test("echo: a reply belongs to the person who asked, and to nobody else in the organization", async ({ page, profile }) => {
  await signIn(page, BOB, "/echo");
  const alice = await profile();
  await signIn(alice, ALICE, "/echo");
  await expect(alice.getByRole("img", { name: "Live updates are on" })).toBeVisible();
  const send = async (tab: typeof page, mark: string) => {
    await tab.getByLabel("JSON to send").fill(`{"mark":"${mark}"}`);
    await tab.getByRole("button", { name: "Send" }).click();
    await expect(tab.getByRole("list", { name: "Replies" })).toContainText(mark);
  };
  const [his, hers] = [crypto.randomUUID(), crypto.randomUUID()];
  await send(page, his);
  await send(alice, hers);
  await expect(alice.getByRole("list", { name: "Replies" })).not.toContainText(his);
});

test("a remote's address opens by itself, by the navigation, and by the browser's buttons", async ({ page }) => {
  await signIn(page, BOB, "/todos");
  await mounted(outlet(page, "Todos"));
  await navigation(page).getByRole("link", { name: "Echo", exact: true }).click();
  await mounted(outlet(page, "Echo"));
  await expect(page).toHaveTitle("Echo · Portico");
  await expect(outlet(page, "Todos")).toHaveCount(0);
  await page.goBack();
  await mounted(outlet(page, "Todos"));
  await expect(page).toHaveTitle("Todos · Portico");
  await page.goForward();
  await mounted(outlet(page, "Echo"));
});

test("pointing at a link fetches its remote ahead of the click, without running it", async ({ page }) => {
  await signIn(page, BOB, "/todos");
  await mounted(outlet(page, "Todos"));
  const entry = page.waitForResponse((response) => /\/remotes\/portico\.echo\/.*\.js$/.test(response.url()));
  await navigation(page).getByRole("link", { name: "Echo", exact: true }).hover();
  expect((await entry).status()).toBe(200);
  await expect(page).toHaveURL("/todos");
});
