// What a call through the portal costs on top of calling the upstream directly, beside nginx without authentication (the
// floor) and Fastify with a session map.
import { medians } from "../support/numbers.mjs";
import { UPSTREAM, startFastify, startNginxProxy, startUpstream } from "../support/peers.mjs";
import { startPortal } from "../support/portal.mjs";
import { stop } from "../support/process.mjs";
import { row } from "../support/table.mjs";
import { wrk } from "../support/wrk.mjs";

const SECONDS = 3;
const PATH = "/bff/bench.remote-1/data/item";

export default async function proxy({ rounds, peers }) {
  const upstream = await startUpstream();
  const direct = load({ origin: UPSTREAM }, "/data/item", {}, rounds);

  const portal = await startPortal(UPSTREAM);
  const cookie = await portal.login();
  const headers = { Cookie: cookie, "X-CSRF": "1" };
  const ours = load(portal, PATH, headers, rounds);
  await portal.stop();

  const others = peers ? await measurePeers(cookie, headers, rounds) : {};
  await stop(upstream);
  return rows({ ours, direct, ...others });
}

async function measurePeers(cookie, headers, rounds) {
  const proxied = await startNginxProxy();
  const nginx = load(proxied, PATH, {}, rounds);
  await stop(proxied.child);
  const application = await startFastify({ state: {}, sprite: "", assets: {} }, cookie);
  const fastify = load(application, PATH, headers, rounds);
  await stop(application.child);
  return { nginx, fastify };
}

function load({ origin, child }, path, headers, rounds) {
  const at = (connections, seconds) => wrk(origin + path, { connections, seconds, headers, server: child });
  // Connections to the upstream, the exchanged token and compilers get warm before anything counts.
  at(64, 2);
  return medians(
    Array.from({ length: rounds }, () => {
      const [one, many] = [at(1, SECONDS), at(64, SECONDS)];
      return { p50: one.p50, p99: one.p99, rate: many.rate, cpu: many.cpu };
    }),
  );
}

function rows({ ours, direct, nginx, fastify }) {
  const known = [
    ["direct, no proxy", direct],
    ["nginx, no authentication", nginx],
    ["Fastify, session map", fastify],
  ].filter(([, measured]) => measured);
  const lines = (what, unit, key, better, peers = known) =>
    peers.map(([name, measured]) => row({ what, unit, portico: ours[key], peer: { name, value: measured[key] }, better }));
  return [
    ...lines("proxied call, 1 connection, p50", "µs", "p50", "less"),
    ...lines("proxied call, 1 connection, p99", "µs", "p99", "less"),
    ...lines("proxied call, 64 connections", "requests/s", "rate", "more"),
    // The upstream's own time is on the other core.
    ...lines("proxied call, CPU time", "µs/request", "cpu", "less", known.slice(1)),
  ];
}
