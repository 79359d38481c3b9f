import { Problem } from "./http.mjs";

/**
 * Lets pages of one origin call this service from the browser (Fetch standard, CORS protocol); no other origin, and
 * never with cookies.
 *
 * @param {(request: import("./http.mjs").Request) => Promise<import("./http.mjs").Reply>} handle
 * @param {string} origin the portal's
 */
export function withCors(handle, origin) {
  return async (request) => {
    const headers = { vary: "origin" };
    const allowed = request.headers.origin === origin;
    if (allowed) headers["access-control-allow-origin"] = origin;
    if (request.method === "OPTIONS") return preflight(allowed, headers);
    try {
      const reply = await handle(request);
      return { ...reply, headers: { ...reply.headers, ...headers } };
    } catch (error) {
      // The page can only show a refusal that it may read.
      if (error instanceof Problem) Object.assign(error.headers, headers);
      throw error;
    }
  };
}

function preflight(allowed, headers) {
  if (!allowed) throw new Problem(403, "Foreign origin", "Only the portal's pages may call this service.", headers);
  return {
    status: 204,
    headers: {
      ...headers,
      "access-control-allow-methods": "GET",
      "access-control-allow-headers": "authorization",
      "access-control-max-age": "600",
    },
  };
}
