import { directoryOf } from "./directory.mjs";
import { Problem } from "./http.mjs";
import { requireScope } from "./token.mjs";

/**
 * `GET /organization` and `GET /members`, of the organization in the token and no other.
 *
 * @param {{ verify: (authorization?: string) => Promise<import("./token.mjs").Caller>, now?: () => Date }} parts
 */
export function orgAdminApi({ verify, now = () => new Date() }) {
  return async (request) => {
    const caller = await verify(request.headers.authorization);
    requireScope(caller, "org.admin");
    if (request.method !== "GET") throw new Problem(405, "Method not allowed", "The directory can only be read.");
    const { organization, members } = directoryOf(caller.orgId, now());
    // The same for every administrator of the organization, so the portal may keep it: its manifest says for how long.
    const headers = { "cache-control": "no-cache" };
    switch (request.url.pathname) {
      case "/organization": return { status: 200, body: organization, headers };
      case "/members": return { status: 200, body: { items: members }, headers };
      default: throw new Problem(404, "Not found", "There is /organization and /members.");
    }
  };
}
