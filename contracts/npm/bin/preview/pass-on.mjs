import { request as send } from "node:http";

/** What the portal sets or drops itself. */
const NOT_FORWARDED = ["host", "connection", "cookie", "authorization", "origin", "referer"];

/**
 * Passes a call on to the remote's service as the portal would, with a token for it.
 *
 * @param {import("node:http").IncomingMessage} incoming a call below /bff/<id>
 * @param {import("node:http").ServerResponse} outgoing
 * @param {{ url: string }} backend
 * @param {string} accessToken
 */
export function passOn(incoming, outgoing, backend, accessToken) {
  const path = incoming.url.replace(/^\/bff\/[^/]+/, "");
  const kept = Object.entries(incoming.headers).filter(([name]) => !NOT_FORWARDED.includes(name));
  const headers = { ...Object.fromEntries(kept), authorization: `Bearer ${accessToken}` };
  return new Promise((resolve, reject) => {
    const call = send(new URL(path, backend.url), { method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing).on("close", resolve);
    });
    call.on("error", reject);
    incoming.pipe(call);
  });
}
