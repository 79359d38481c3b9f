/**
 * The view of a manifest that a path is, if it is one: `GET /bff/<id>/<path>`.
 *
 * @param {object} backend the manifest's
 * @param {string} method
 * @param {string} path below the remote's prefix, without a query
 * @returns {{ view: object, parameters: Record<string, string> } | undefined}
 */
export function viewOf(backend, method, path) {
  const segments = path.split("/");
  for (const view of method === "GET" ? backend.views ?? [] : []) {
    const parts = view.path.split("/");
    if (parts.length !== segments.length) continue;
    const parameters = {};
    const fits = parts.every((part, at) => {
      if (!part.startsWith("{")) return part === segments[at];
      parameters[part.slice(1, -1)] = decodeURIComponent(segments[at]);
      return segments[at] !== "";
    });
    if (fits) return { view, parameters };
  }
  return undefined;
}

/**
 * Makes the calls of a view side by side, and answers as the portal does.
 *
 * @param {{ view: object, parameters: Record<string, string> }} found
 * @param {URLSearchParams} query
 * @param {{ url: string }} backend
 * @param {string} accessToken
 * @returns {Promise<{ status: number, body: object }>}
 */
export async function answerView({ view, parameters }, query, backend, accessToken) {
  const values = { ...Object.fromEntries(query), ...parameters };
  const legs = await Promise.all(view.legs.map(async (leg) => {
    const headers = { accept: "application/json", authorization: `Bearer ${accessToken}` };
    const response = await fetch(new URL(filled(leg.path, values), backend.url), { headers });
    const body = await response.json().catch(() => null);
    const answer = response.ok ? { status: response.status, body } : { status: response.status, body: null, problem: body ?? {} };
    return { leg, answer };
  }));
  const failed = legs.find(({ leg, answer }) => leg.required && answer.problem);
  if (failed) return { status: failed.answer.status < 500 ? failed.answer.status : 502, body: failed.answer.problem };
  const complete = legs.every(({ answer }) => answer.problem === undefined);
  return { status: 200, body: { complete, legs: Object.fromEntries(legs.map(({ leg, answer }) => [leg.name, answer])) } };
}

/** A leg's path with the view's parameters in their places; a query parameter without a value is left out. */
function filled(template, values) {
  const [path, query = ""] = template.split("?");
  const segments = path.replaceAll(/\{([\w-]+)\}/g, (_, name) => encodeURIComponent(values[name] ?? ""));
  const pairs = query.split("&").filter(Boolean).map((pair) => pair.split("="));
  const given = pairs.flatMap(([name, value]) => {
    const parameter = /^\{([\w-]+)\}$/.exec(value)?.[1];
    if (parameter === undefined) return [`${name}=${value}`];
    return values[parameter] === undefined ? [] : [`${name}=${encodeURIComponent(values[parameter])}`];
  });
  return given.length > 0 ? `${segments}?${given.join("&")}` : segments;
}
