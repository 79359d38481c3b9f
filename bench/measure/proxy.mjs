// What a call through the portal costs, beside what people run today (oauth2-proxy, Fastify with a session map) and the floor:
// nginx without authentication, and no proxy at all. Small and large answers, one connection and many, distinct sessions.
import { medians } from "../support/numbers.mjs";
import { UPSTREAM, startFastify, startNginxProxy, startOauth2Proxy, startUpstream } from "../support/peers.mjs";
import { startPortal } from "../support/portal.mjs";
import { stop } from "../support/process.mjs";
import { row } from "../support/table.mjs";
import { wrk } from "../support/wrk.mjs";

const SECONDS = 3;
/** Each request is another session's. */
const SESSIONS = 64;
const PREFIX = "/bff/bench.remote-1";
const [SMALL, LARGE] = ["/data/item", "/data/megabyte.bin"];

export default async function proxy({ rounds, peers }) {
  const upstream = await startUpstream();
  const measured = { direct: load({ origin: UPSTREAM }, "", {}, [], rounds) };

  const portal = await startPortal(UPSTREAM);
  const cookies = [];
  while (cookies.length < SESSIONS) cookies.push(await portal.login());
  measured.portico = load(portal, PREFIX, { "X-CSRF": "1" }, cookies, rounds);
  await portal.stop();

  if (peers) Object.assign(measured, await measurePeers(cookies, rounds));
  await stop(upstream);
  return rows(measured);
}

async function measurePeers(cookies, rounds) {
  const proxied = await startNginxProxy();
  const nginx = load(proxied, PREFIX, {}, cookies, rounds);
  await stop(proxied.child);
  const application = await startFastify({ state: {}, sprite: "", assets: {} }, cookies);
  const fastify = load(application, PREFIX, {}, cookies, rounds);
  await stop(application.child);
  const gatekeeper = await startOauth2Proxy();
  if (!gatekeeper) return { nginx, fastify };
  // Its session is its cookie, so each of them is opened anew: it makes no difference whose it is.
  const oauth2Proxy = load(gatekeeper, "", {}, [await gatekeeper.login()], rounds);
  await gatekeeper.stop();
  return { nginx, fastify, oauth2Proxy };
}

function load({ origin, child }, prefix, headers, cookies, rounds) {
  const at = (path, connections, seconds = SECONDS) =>
    wrk(origin + prefix + path, { connections, seconds, headers, cookies, server: child });
  // Connections to the upstream, the exchanged tokens and compilers get warm before anything counts.
  at(SMALL, 64, 2);
  return medians(
    Array.from({ length: rounds }, () => {
      const [one, many] = [at(SMALL, 1), at(SMALL, 64)];
      const [large, largeMany] = [at(LARGE, 1, 2), at(LARGE, 64, 2)];
      return {
        p50: one.p50,
        p99: one.p99,
        rate: many.rate,
        perCore: many.cpu && 1e6 / many.cpu,
        cpu: many.cpu,
        large: large.throughput,
        largeMany: largeMany.throughput,
        largeCpu: largeMany.cpu,
      };
    }),
  );
}

function rows({ portico, direct, nginx, fastify, oauth2Proxy }) {
  const known = [
    ["direct, no proxy", direct],
    ["nginx, no authentication", nginx],
    ["Fastify, session map", fastify],
    ["oauth2-proxy", oauth2Proxy],
  ].filter(([, measured]) => measured);
  const lines = (what, unit, key, better, peers = known) =>
    peers.map(([name, measured]) => row({ what, unit, portico: portico[key], peer: { name, value: measured[key] }, better }));
  // The upstream's own time is on the other core, so what is direct has no server to count.
  const proxies = known.slice(1);
  return [
    ...lines("proxied call, 1 connection, p50", "µs", "p50", "less"),
    ...lines("proxied call, 1 connection, p99", "µs", "p99", "less"),
    ...added(portico, direct, nginx),
    ...lines("proxied call, 64 connections", "requests/s", "rate", "more"),
    ...lines("proxied call, per core", "requests/s", "perCore", "more", proxies),
    ...lines("proxied call, CPU time", "µs/request", "cpu", "less", proxies),
    ...lines("proxied megabyte, 1 connection", "MB/s", "large", "more"),
    ...lines("proxied megabyte, 64 connections", "MB/s", "largeMany", "more"),
    ...lines("proxied megabyte, CPU time", "µs/request", "largeCpu", "less", proxies),
  ];
}

/** What the way through the proxy adds to one call, over what the call takes without. */
function added(portico, direct, nginx) {
  if (!nginx) return [];
  const over = (measured) => measured.p50 - direct.p50;
  const peer = { name: "nginx, no authentication", value: over(nginx) };
  return [row({ what: "added to a call, 1 connection, p50", unit: "µs", portico: over(portico), peer, better: "less" })];
}
