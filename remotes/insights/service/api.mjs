import { Problem } from "./http.mjs";
import { live, summary } from "./figures.mjs";
import { requireScope } from "./token.mjs";

const ANSWERS = { "/summary": summary, "/live": live };
const PERIODS = [7, 30, 90];

/**
 * `GET /summary?days=7|30|90`: everything the page needs, in one call. `GET /live`: this moment's figures.
 *
 * @param {{ verify: (authorization?: string) => Promise<import("./token.mjs").Caller>, now?: () => Date }} parts
 */
export function insightsApi({ verify, now = () => new Date() }) {
  return async (request) => {
    const caller = await verify(request.headers.authorization);
    requireScope(caller, "insights.read");
    const { pathname, searchParams } = request.url;
    if (!Object.hasOwn(ANSWERS, pathname)) throw new Problem(404, "Not found", "There is /summary and /live.");
    if (request.method !== "GET") throw new Problem(405, "Method not allowed", "Figures can only be read.");
    const days = Number(searchParams.get("days") ?? 30);
    if (!PERIODS.includes(days)) throw new Problem(422, "Invalid period", `days is one of ${PERIODS.join(", ")}.`);
    return { status: 200, body: ANSWERS[pathname](caller.orgId, now(), days) };
  };
}
