import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";

/** What axe finds serious or critical, shadow roots included, in words that lead to the place. */
export async function findings(page: Page, rules?: string[]): Promise<string[]> {
  // In the page itself: otherwise a second tab is opened to gather the results, and the first one, when it is not brought
  // back to the front in time, gets no frames to draw and waits for them for ever.
  const builder = new AxeBuilder({ page }).setLegacyMode();
  const { violations } = await (rules === undefined ? builder : builder.withRules(rules)).analyze();
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return grave.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} at ${target.join(" ")}: ${failureSummary}`));
}
