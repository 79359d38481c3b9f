import { PAGES } from "../support/pages.ts";
import { expect, test } from "../support/test.ts";
import { visit } from "../support/visit.ts";

for (const place of PAGES) {
  test(`${place.name} hydrates without a word in the console, reports nothing, and nothing on it jumps`, async ({ page, complaints }) => {
    await page.addInitScript(() => {
      const shifts: string[] = [];
      let sum = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean; sources: { node?: Node }[] })[]) {
          if (entry.hadRecentInput) continue;
          sum += entry.value;
          shifts.push(`${entry.value.toFixed(4)} ${entry.sources.map(({ node }) => (node as Element | undefined)?.className ?? node?.nodeName)}`);
        }
        Object.assign(window, { layoutShift: sum, layoutShifts: shifts });
      }).observe({ type: "layout-shift", buffered: true });
    });
    await visit(page, place, complaints);
    const shift = await page.evaluate(() => {
      const { layoutShift = 0, layoutShifts = [] } = window as { layoutShift?: number; layoutShifts?: string[] };
      return { layoutShift, layoutShifts };
    });
    expect(shift.layoutShift, shift.layoutShifts.join("\n")).toBeLessThan(0.1);
    // The boot module took the nonce away before any remote could read it.
    expect(await page.locator("[nonce]").evaluateAll((elements) => elements.filter((element) => (element as HTMLScriptElement).nonce !== "").length)).toBe(0);
  });
}
