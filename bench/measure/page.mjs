// A signed-in person's home page with twenty remotes, in requests per second on one core, beside Fastify and React.
import { medians } from "../support/numbers.mjs";
import { startFastify } from "../support/peers.mjs";
import { startPortal } from "../support/portal.mjs";
import { stop } from "../support/process.mjs";
import { row } from "../support/table.mjs";
import { wrk } from "../support/wrk.mjs";

const CONNECTIONS = 32;
const SECONDS = 4;

export default async function page({ rounds, peers }) {
  const portal = await startPortal();
  const cookie = await portal.login();
  const html = await read(portal.origin, cookie);
  const ours = load(portal, cookie, rounds);
  await portal.stop();

  if (!peers) return rows(ours, undefined, html.length);
  const fastify = await startFastify(parts(html), [cookie]);
  const theirs = await read(fastify.origin, cookie);
  alike(html, theirs);
  const measured = load(fastify, cookie, rounds);
  await stop(fastify.child);
  return rows(ours, measured, html.length);
}

function load({ origin, child }, cookie, rounds) {
  const headers = { Cookie: cookie, Accept: "text/html" };
  const once = (seconds) => wrk(`${origin}/`, { connections: CONNECTIONS, seconds, headers, server: child });
  // A just-in-time compiler needs its warm-up; what runs before the first round counts for nobody.
  once(SECONDS);
  return medians(Array.from({ length: rounds }, () => once(SECONDS)));
}

function rows(ours, theirs, bytes) {
  const what = `page, signed in, 20 remotes (${(bytes / 1024).toFixed(0)} KiB of HTML)`;
  const peer = (value) => theirs && { name: "Fastify + React", value };
  return [
    row({ what, unit: "requests/s", portico: ours.rate, peer: peer(theirs?.rate), better: "more" }),
    row({ what: "page, CPU time", unit: "µs/request", portico: ours.cpu, peer: peer(theirs?.cpu), better: "less" }),
  ];
}

async function read(origin, cookie) {
  const response = await fetch(`${origin}/`, { headers: { cookie } });
  if (!response.ok) throw new Error(`${origin}/ answered ${response.status}`);
  return response.text();
}

/** What the peer renders from: the portal's own state, sprite and hashes. */
export function parts(html) {
  const one = (pattern) => pattern.exec(html)?.[1] ?? "";
  const { integrity } = JSON.parse(one(/<script type="importmap"[^>]*>(.*?)<\/script>/s));
  return {
    state: JSON.parse(one(/id="portico-state">(.*?)<\/script>/s)),
    sprite: one(/(<svg(?![^<]*<use)[^>]*><(?:defs|symbol).*<\/svg>)<\/body>/s),
    assets: Object.fromEntries(Object.entries(integrity).filter(([url]) => url.startsWith("/pkg/"))),
  };
}

/** A peer that renders less is no peer: same size within a tenth, same elements within a tenth. */
function alike(ours, theirs) {
  const elements = (html) => html.match(/<[a-z]/g).length;
  for (const [what, a, b] of [["bytes", ours.length, theirs.length], ["elements", elements(ours), elements(theirs)]]) {
    if (Math.abs(a - b) > a / 10) throw new Error(`the peer's page has ${b} ${what}, the portal's ${a}: they must be alike`);
  }
}
