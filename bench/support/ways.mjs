// How events get into each server and how its streams are opened, afresh or from a position: what is different between them.
import { createHmac } from "node:crypto";
import { MERCURE_KEY } from "./peers.mjs";
import { EVENT } from "./remotes.mjs";

/**
 * @typedef {{
 *   target: (number: number) => {url: string, headers: object},
 *   from: (position: any) => (number: number) => {url: string, headers: object},
 *   position: (text: string, mark: string) => any,
 *   publish: (data: object, id?: string) => Promise<void>,
 * }} Way the nth stream, the same from a position, where the text of a stream says that the event with `mark` stands, and publishing,
 *   with an id by which what is sent again is known where the server has such a thing
 */

/** The portal's: everybody has a session of their own, or shares it with a few. @returns {Way} */
export function throughPortal(origin, cookies) {
  const target = (number) => ({ url: `${origin}/stream?types=${EVENT}`, headers: { cookie: cookies[number % cookies.length] } });
  return {
    ...byLastEventId(target),
    publish: (data, id = crypto.randomUUID()) => {
      const event = { specversion: "1.0", id, source: "@bench/remote-1", type: EVENT, data };
      const headers = { cookie: cookies[0], "content-type": "application/cloudevents+json", "x-csrf": "1" };
      return post(`${origin}/events`, headers, JSON.stringify(event));
    },
  };
}

/** @returns {Way} */
export function throughMercure(origin) {
  const url = `${origin}/.well-known/mercure`;
  return {
    ...byLastEventId(() => ({ url: `${url}?topic=bench`, headers: {} })),
    publish: (data) => post(url, { authorization: `Bearer ${publisher()}` }, new URLSearchParams({ topic: "bench", data: JSON.stringify({ data }) })),
  };
}

/** @returns {Way} */
export function throughNchan(origin) {
  return {
    ...byLastEventId(() => ({ url: `${origin}/sub`, headers: { accept: "text/event-stream" } })),
    publish: (data) => post(`${origin}/pub`, {}, JSON.stringify({ data })),
  };
}

/** @returns {Way} */
export function throughCentrifugo(origin) {
  const subscribed = (how) => {
    const url = `${origin}/connection/uni_sse?cf_connect=${encodeURIComponent(JSON.stringify({ subs: { bench: how } }))}`;
    return () => ({ url, headers: {} });
  };
  return {
    target: subscribed({}),
    from: ({ offset, epoch }) => subscribed({ recover: true, offset, epoch }),
    position: (text, mark) => {
      const line = text.split("\n").find((line) => line.includes(mark) && line.endsWith("}"));
      return line && JSON.parse(line.slice("data:".length)).pub;
    },
    publish: (data, id) => post(`${origin}/api/publish`, { "content-type": "application/json" }, JSON.stringify({ channel: "bench", data: { data }, idempotency_key: id })),
  };
}

/** What server-sent events themselves have for it (HTML, section 9.2). */
function byLastEventId(target) {
  return {
    target,
    from: (position) => (number) => {
      const { url, headers } = target(number);
      return { url, headers: { ...headers, "last-event-id": position } };
    },
    position: (text, mark) => {
      const event = text.split("\n\n").slice(0, -1).find((event) => event.includes(mark));
      return event && /^id: ?(.*)$/m.exec(event)?.[1];
    },
  };
}

async function post(url, headers, body) {
  const response = await fetch(url, { method: "POST", headers, body });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  const answer = await response.text();
  // Centrifugo says 200 and means an error.
  if (answer.startsWith('{"error"')) throw new Error(`${url} answered ${answer}`);
}

/** A publisher's JWT for Mercure (HS256). */
function publisher() {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part({ mercure: { publish: ["*"] } })}`;
  return `${signed}.${createHmac("sha256", MERCURE_KEY).update(signed).digest("base64url")}`;
}
