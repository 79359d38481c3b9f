import { backend } from "../remote.json";
import { readAnswer } from "./kit.js";

/**
 * Everything the page shows of a period, in one call through the portal.
 *
 * @param {import("@portico/contracts").PlatformContext} ctx
 * @param {number} days
 * @param {AbortSignal} signal
 */
export async function fetchSummary(ctx, days, signal) {
  return readAnswer(ctx.fetch(`/summary?days=${days}`, { signal }));
}

/** Where the service answers browsers that bring a token of their own, as the manifest says; its `connect-src` names it too. */
const LIVE_URL = `${backend.url}/live`;

/**
 * This moment's figures, straight from the service: token mode gives a token that is good for this service alone.
 *
 * @param {import("@portico/contracts").PlatformContext} ctx
 */
export async function fetchLive(ctx) {
  const authorization = `Bearer ${await ctx.getAccessToken()}`;
  return readAnswer(fetch(LIVE_URL, { headers: { authorization }, credentials: "omit", signal: ctx.signal }));
}
