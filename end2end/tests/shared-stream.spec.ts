import type { BrowserContext, Page } from "@playwright/test";
import { PlainBrowser, type PlainTab } from "../support/plain-browser.ts";
import { BOB } from "../support/people.ts";
import { mounted, open, outlet, signIn } from "../support/shell.ts";
import { expect, test } from "../support/test.ts";

/** What a browser says of streams that a test refuses, cuts off or leaves without a network. */
const INTERRUPTED = /net::ERR_(INTERNET_DISCONNECTED|NETWORK_CHANGED|NETWORK_IO_SUSPENDED|FAILED)|status of 503/;

const light = (page: Page) => page.locator("#connection");
const live = (page: Page) => expect(light(page)).toHaveAttribute("data-state", "live");
const replies = (page: Page) => page.getByRole("list", { name: "Replies" });
const reply = (page: Page, mark: string) => replies(page).getByRole("listitem").filter({ hasText: mark });

/** Streams that were asked for, in order. */
function streamsOf(context: BrowserContext): URL[] {
  const streams: URL[] = [];
  context.on("request", (request) => {
    const url = new URL(request.url());
    if (url.pathname === "/stream") streams.push(url);
  });
  return streams;
}

/** Tabs of one browser with the echo remote; the first one leads. */
async function tabsOf(context: BrowserContext, count: number): Promise<Page[]> {
  const first = await context.newPage();
  await signIn(first, BOB, "/echo");
  await live(first);
  const tabs = [first];
  while (tabs.length < count) {
    const tab = await context.newPage();
    await open(tab, "/echo");
    await mounted(outlet(tab, "Echo"));
    await live(tab);
    tabs.push(tab);
  }
  return tabs;
}

async function send(page: Page): Promise<string> {
  const mark = crypto.randomUUID();
  await page.getByLabel("JSON to send").fill(`"${mark}"`);
  await page.getByRole("button", { name: "Send" }).click();
  return mark;
}

test("eight tabs over HTTP/1.1 mount, publish and receive over one stream", async ({ context }) => {
  test.slow();
  const streams = streamsOf(context);
  const tabs = await tabsOf(context, 8);
  const marks: string[] = [];
  for (const tab of tabs) marks.push(await send(tab));
  for (const tab of tabs) for (const mark of marks) await expect(reply(tab, mark)).toHaveCount(1);
  expect(streams).toHaveLength(1);
  expect(streams[0]?.searchParams.get("types")).toBe("echo.reply");
});

test("a tab that needs another type has the shared stream opened anew where it stood", async ({ context }) => {
  const streams = streamsOf(context);
  const [first] = await tabsOf(context, 1);
  await expect(reply(first!, await send(first!))).toHaveCount(1);
  const second = await context.newPage();
  await open(second, "/chat");
  await live(second);
  await expect.poll(() => streams.at(-1)?.searchParams.get("types")).toBe("chat.reply,echo.reply");
  expect(streams.at(-1)?.searchParams.get("last_event_id")).toBeTruthy();
  await second.getByLabel("Your message").fill("How do I publish a remote?");
  await second.keyboard.press("Enter");
  await expect(second.getByRole("log")).toContainText("Nobody on the platform team has to release anything.");
  await expect(reply(first!, await send(first!))).toHaveCount(1);
  expect(streams).toHaveLength(2);
});

test("when the tab that leads is closed, another goes on where it stood", async ({ context }) => {
  const streams = streamsOf(context);
  const [first, second, third] = await tabsOf(context, 3);
  const before = await send(second!);
  for (const tab of [second!, third!]) await expect(reply(tab, before)).toHaveCount(1);
  await first!.close();
  const after = await send(second!);
  for (const tab of [second!, third!]) await expect(reply(tab, after)).toHaveCount(1);
  expect(streams).toHaveLength(2);
  expect(streams[1]?.searchParams.get("last_event_id")).toBeTruthy();
});

/** Stops a tab where it is, as in a task that takes for ever: it runs nothing and hears nothing. Returns what lets it go on. */
async function stopped(page: Page): Promise<() => Promise<void>> {
  const session = await page.context().newCDPSession(page);
  await session.send("Debugger.enable");
  const paused = new Promise((resolve) => session.once("Debugger.paused", resolve));
  await session.send("Debugger.pause");
  void page.evaluate(() => 0).catch(() => {});
  await paused;
  return async () => {
    await session.send("Debugger.resume");
    await session.detach();
  };
}

test("a tab that stops while it leads is replaced, and has everything once it goes on", async ({ context }) => {
  test.setTimeout(120_000);
  const streams = streamsOf(context);
  const [first, second] = await tabsOf(context, 2);
  const goOn = await stopped(first!);
  const mark = await send(second!);
  // Twenty seconds of silence, five for an answer, and a new stream.
  await expect(reply(second!, mark)).toHaveCount(1, { timeout: 60_000 });
  expect(streams).toHaveLength(2);
  await goOn();
  await expect(reply(first!, mark)).toHaveCount(1);
  const later = await send(second!);
  for (const tab of [first!, second!]) await expect(reply(tab, later)).toHaveCount(1);
  await live(first!);
});

test("a computer that slept opens its stream anew as soon as it wakes, and misses nothing", async ({ page, context, profile }) => {
  const streams = streamsOf(context);
  await page.clock.install();
  await signIn(page, BOB, "/echo");
  await live(page);
  await expect(reply(page, await send(page))).toHaveCount(1);
  const other = await profile({ storageState: await context.storageState() });
  await open(other, "/echo");
  await live(other);
  // The connection looks open, and nobody can tell that it is not.
  await page.clock.fastForward("02:00:00");
  await expect.poll(() => streams.length).toBe(2);
  expect(streams[1]?.searchParams.get("last_event_id")).toBeTruthy();
  const mark = await send(other);
  await expect(reply(page, mark)).toHaveCount(1);
});

test("a tab that the browser froze while it led is replaced at once, and has everything when it is resumed", async ({ page, context, baseURL }) => {
  test.slow();
  await signIn(page, BOB, "/echo");
  const browser = await PlainBrowser.start(context);
  try {
    const first = await echoTab(browser, `${baseURL}/echo`);
    const second = await echoTab(browser, `${baseURL}/echo`);
    await expect.poll(() => first.run(() => document.visibilityState)).toBe("hidden");
    await first.run(() => void setInterval(() => (document.title += "."), 100));
    await first.freeze();
    const title = await first.run(() => document.title);
    const mark = crypto.randomUUID();
    await sendIn(second, mark);
    // Frozen, it could not be replaced for its silence: Chromium still hands it what other tabs say, and it would answer.
    await expect.poll(() => repliesIn(second, mark)).toBe(1);
    expect(await first.run(() => document.title), "it runs nothing").toBe(title);
    expect(await repliesIn(first, mark)).toBe(0);
    await first.show();
    await first.resume();
    await expect.poll(() => repliesIn(first, mark)).toBe(1);
    const later = crypto.randomUUID();
    await sendIn(first, later);
    for (const tab of [first, second]) await expect.poll(() => repliesIn(tab, later)).toBe(1);
    for (const tab of [first, second]) expect(await repliesIn(tab, mark)).toBe(1);
  } finally {
    await browser.end();
  }
});

/** A tab with the echo remote, once it listens. */
async function echoTab(browser: PlainBrowser, url: string): Promise<PlainTab> {
  const tab = await browser.tab(url);
  const state = () => tab.run(() => [document.querySelector("[data-phase]")?.getAttribute("data-phase"), document.querySelector("#connection")?.getAttribute("data-state")]);
  // While it navigates there is nothing to ask.
  await expect(async () => expect(await state()).toEqual(["ready", "live"])).toPass({ timeout: 20_000 });
  return tab;
}

async function sendIn(tab: PlainTab, mark: string): Promise<void> {
  await tab.run((mark) => {
    const field = document.querySelector("[data-remote]")?.shadowRoot?.querySelector("textarea");
    if (!field?.form) throw new Error("there is no form");
    field.value = JSON.stringify(mark);
    field.form.requestSubmit();
  }, mark);
}

async function repliesIn(tab: PlainTab, mark: string): Promise<number> {
  return tab.run((mark) => {
    const replies = document.querySelector("[data-remote]")?.shadowRoot?.querySelectorAll(".replies li") ?? [];
    return [...replies].filter(({ textContent }) => textContent?.includes(mark)).length;
  }, mark);
}

/** The events of the page's lifecycle are dispatched, and time passes in between without a timer that notices. */
test("a tab that was frozen looks after its stream as soon as it goes on", async ({ page, context }) => {
  const streams = streamsOf(context);
  await page.clock.install();
  await signIn(page, BOB, "/echo");
  await live(page);
  await expect(reply(page, await send(page))).toHaveCount(1);
  await page.evaluate(() => document.dispatchEvent(new Event("freeze")));
  await page.clock.setSystemTime(Date.now() + 3_600_000);
  expect(streams).toHaveLength(1);
  await page.evaluate(() => document.dispatchEvent(new Event("resume")));
  await expect.poll(() => streams.length).toBe(2);
  expect(streams[1]?.searchParams.get("last_event_id")).toBeTruthy();
  await expect(reply(page, await send(page))).toHaveCount(1);
});

test("a break of less than two seconds shows nothing, however soon another follows, and a longer one does", async ({ page, context, complaints }) => {
  complaints.allow(INTERRUPTED);
  const streams = streamsOf(context);
  await page.clock.install();
  await signIn(page, BOB, "/echo");
  await live(page);
  await expect(reply(page, await send(page))).toHaveCount(1);
  const shown: string[] = [];
  await page.exposeFunction("noteShown", (state: string) => shown.push(state));
  await light(page).evaluate((light) => {
    const note = () => Reflect.apply(Reflect.get(window, "noteShown"), window, [light.getAttribute("data-state")]);
    new MutationObserver(note).observe(light, { attributeFilter: ["data-state"] });
  });
  // From here on time passes only when the test says so.
  await page.clock.pauseAt(Date.now() + 5_000);
  const banner = page.getByRole("paragraph").filter({ hasText: "You are offline." });
  for (const broken of [1_500, 1_500]) {
    const before = streams.length;
    await context.setOffline(true);
    await expect(banner).toBeVisible();
    await page.clock.runFor(broken);
    const opened = page.waitForResponse((response) => new URL(response.url()).pathname === "/stream");
    await context.setOffline(false);
    await opened;
    await expect.poll(() => streams.length).toBeGreaterThan(before);
    await expect(banner).toBeHidden();
    // What was sent before it was back arrives after it is: then the page knows, too.
    await expect(reply(page, await send(page))).toHaveCount(1);
  }
  expect(shown.filter((state) => state !== "live")).toEqual([]);
  await context.setOffline(true);
  await expect(banner).toBeVisible();
  await page.clock.runFor(2_100);
  await expect(light(page)).toHaveAttribute("data-state", "offline");
  await context.setOffline(false);
  await live(page);
});

for (const missing of ["locks", "channels"] as const) {
  test(`without ${missing} every tab has a stream of its own`, async ({ context }) => {
    await context.addInitScript((missing) => {
      if (missing === "locks") Object.defineProperty(Navigator.prototype, "locks", { value: undefined });
      else Object.defineProperty(window, "BroadcastChannel", { value: undefined });
    }, missing);
    const streams = streamsOf(context);
    const tabs = await tabsOf(context, 2);
    const mark = await send(tabs[0]!);
    for (const tab of tabs) await expect(reply(tab, mark)).toHaveCount(1);
    expect(streams).toHaveLength(2);
  });
}

test("a stream that is refused is opened again and again, and every tab says so until it is back", async ({ context, complaints }) => {
  complaints.allow(INTERRUPTED);
  const tabs = await tabsOf(context, 2);
  await expect(reply(tabs[0]!, await send(tabs[0]!))).toHaveCount(1);
  let refused = 0;
  await context.route(/\/stream\?/, async (route) => {
    refused += 1;
    await route.fulfill({ status: 503, body: "down" });
  });
  // A connection that is lost: the leading tab asks anew, and is refused.
  await context.setOffline(true);
  await context.setOffline(false);
  for (const tab of tabs) {
    await expect(light(tab)).toHaveAttribute("data-state", "offline", { timeout: 20_000 });
    await expect(tab.getByRole("status").filter({ hasText: "Live updates are interrupted" })).toBeAttached();
  }
  const mark = await send(tabs[1]!);
  await expect.poll(() => refused, { timeout: 20_000 }).toBeGreaterThan(2);
  await context.unroute(/\/stream\?/);
  for (const tab of tabs) {
    await expect(light(tab)).toHaveAttribute("data-state", "live", { timeout: 40_000 });
    await expect(tab.getByRole("status").filter({ hasText: "Live updates are on" })).toBeAttached();
    await expect(reply(tab, mark)).toHaveCount(1);
  }
});
