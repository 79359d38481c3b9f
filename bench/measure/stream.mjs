// From publishing an event to its arrival on each of many EventSource streams, beside Mercure and Nchan. The portal's way is
// longer: it acknowledges only what Kafka has, and every stream gets it from there, its signature checked.
import { createHmac } from "node:crypto";
import { medians, percentile } from "../support/numbers.mjs";
import { startKafka } from "../support/kafka.mjs";
import { MERCURE_KEY, startMercure, startNchan } from "../support/peers.mjs";
import { startPortal } from "../support/portal.mjs";
import { cpuSeconds, residentMiB, stop } from "../support/process.mjs";
import { EVENT } from "../support/remotes.mjs";
import { listen } from "../support/streams.mjs";
import { row } from "../support/table.mjs";

const SECONDS = 5;
/** As long as a chat message: the events have about 150 bytes on the wire. */
const TEXT = "x".repeat(60);
/** What an idle stream may take, in KiB. */
const MEMORY_BUDGET = 8;

/** How many streams, how many times a second something is published, and how many events then. */
const LOADS = {
  // First, on a server that has freed nothing yet which it could use again.
  many: { streams: 10_000, perSecond: 2, together: 1 },
  few: { streams: 1_000, perSecond: 20, together: 1 },
  bursts: { streams: 1_000, perSecond: 5, together: 8 },
};

export default async function stream({ rounds, peers }) {
  const kafka = await startKafka();
  const portal = await startPortal(undefined, kafka.brokers);
  const cookie = await portal.login();
  const ours = await measure(portal.child, rounds, {
    url: `${portal.origin}/stream?types=${EVENT}`,
    headers: { cookie },
    publish: (payload) => publishEvent(portal.origin, cookie, payload),
  });
  await portal.stop();
  await kafka.stop();
  const theirs = peers ? [await mercure(rounds), await nchan(rounds)].filter(Boolean) : [];
  return rows(ours, theirs);
}

async function mercure(rounds) {
  const peer = await startMercure();
  if (!peer) return undefined;
  const measured = await measure(peer.child, rounds, {
    url: `${peer.origin}/.well-known/mercure?topic=bench`,
    headers: {},
    publish: (payload) => publishUpdate(peer.origin, payload),
  });
  await stop(peer.child);
  return { name: "Mercure, in memory", ...measured };
}

async function nchan(rounds) {
  const peer = await startNchan();
  if (!peer) return undefined;
  const measured = await measure(peer.child, rounds, {
    url: `${peer.origin}/sub`,
    headers: { accept: "text/event-stream" },
    publish: (payload) => post(`${peer.origin}/pub`, {}, JSON.stringify({ data: payload })),
  });
  await stop(peer.child);
  return { name: "Nchan, in memory, no session", ...measured };
}

/** Each load in turn, all of it on one server. */
async function measure(child, rounds, way) {
  const measured = {};
  for (const [name, load] of Object.entries(LOADS)) {
    const before = residentMiB(child);
    const streams = await listen(way.url, way.headers, load.streams);
    const memory = ((residentMiB(child) - before) * 1024) / load.streams;
    await round(child, streams, way.publish, { ...load, seconds: 1 });
    const results = [];
    for (let number = 0; number < rounds; number += 1) results.push(await round(child, streams, way.publish, { ...load, seconds: SECONDS }));
    streams.close();
    measured[name] = { ...medians(results), memory };
  }
  return measured;
}

/** Publishes at a steady pace and waits for every delivery; one that is missing fails the run. */
async function round(child, streams, publish, { streams: count, perSecond, together, seconds }) {
  const times = perSecond * seconds;
  const cpuBefore = cpuSeconds(child);
  const arrived = streams.expect(times * together * count);
  const published = [];
  for (let number = 0; number < times; number += 1) {
    for (let event = 0; event < together; event += 1) published.push(publish({ at: performance.now(), text: TEXT }));
    await new Promise((resolve) => setTimeout(resolve, 1_000 / perSecond));
  }
  await Promise.all(published);
  const latencies = (await arrived).sort();
  const cpu = ((cpuSeconds(child) - cpuBefore) * 1e6) / latencies.length;
  return { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99), cpu };
}

function publishEvent(origin, cookie, data) {
  const event = { specversion: "1.0", id: crypto.randomUUID(), source: "@bench/remote-1", type: EVENT, data };
  const headers = { cookie, "content-type": "application/cloudevents+json", "x-csrf": "1" };
  return post(`${origin}/events`, headers, JSON.stringify(event));
}

function publishUpdate(origin, data) {
  const body = new URLSearchParams({ topic: "bench", data: JSON.stringify({ data }) });
  return post(`${origin}/.well-known/mercure`, { authorization: `Bearer ${token()}` }, body);
}

async function post(url, headers, body) {
  const response = await fetch(url, { method: "POST", headers, body });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
}

/** A publisher's JWT for Mercure (HS256). */
function token() {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part({ mercure: { publish: ["*"] } })}`;
  return `${signed}.${createHmac("sha256", MERCURE_KEY).update(signed).digest("base64url")}`;
}

function rows(ours, theirs) {
  const line = (what, unit, load, key, budget) => {
    const peers = theirs.length > 0 ? theirs : [undefined];
    return peers.map((peer) => {
      const value = peer && { name: peer.name, value: peer[load][key] };
      return row({ what, unit, portico: ours[load][key], peer: value, better: "less", budget });
    });
  };
  return [
    ...line("event to 1,000 streams, p50", "ms", "few", "p50"),
    ...line("event to 1,000 streams, p99", "ms", "few", "p99"),
    ...line("event to 1,000 streams, CPU time", "µs/delivery", "few", "cpu"),
    ...line("8 events at once to 1,000 streams, CPU time", "µs/delivery", "bursts", "cpu"),
    ...line("event to 10,000 streams, CPU time", "µs/delivery", "many", "cpu"),
    ...line("memory of an idle stream, of 10,000", "KiB", "many", "memory", MEMORY_BUDGET),
  ];
}
