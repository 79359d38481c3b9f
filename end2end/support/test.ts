import { test as base, type Browser, type BrowserContextOptions, expect, type Page } from "@playwright/test";
import { Complaints } from "./complaints.ts";

interface Fixtures {
  /** What the browsers of this test complained about. It has to be empty, or allowed, at the end. */
  complaints: Complaints;
  /** A page in a browser profile of its own: another person, another device, another setting. */
  profile: (options?: BrowserContextOptions) => Promise<Page>;
}

export const test = base.extend<Fixtures>({
  complaints: [
    async ({ context }, use) => {
      const complaints = new Complaints();
      complaints.follow(context);
      await use(complaints);
      const unexpected = complaints.unexpected();
      expect(unexpected, `what the browser complained about: ${unexpected.join("; ")}`).toEqual([]);
    },
    { auto: true },
  ],
  profile: async ({ browser, complaints, baseURL }, use) => {
    const pages: Page[] = [];
    await use(async (options) => {
      const page = await newPage(browser, { ...(baseURL === undefined ? {} : { baseURL }), ...options });
      complaints.follow(page.context());
      pages.push(page);
      return page;
    });
    for (const page of pages) await page.context().close();
  },
});

export { expect };

async function newPage(browser: Browser, options: BrowserContextOptions): Promise<Page> {
  return (await browser.newContext(options)).newPage();
}
