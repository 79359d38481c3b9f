// From publishing an event to its arrival on each of a thousand EventSource streams, beside Mercure. The portal's way is
// longer: it acknowledges only what Kafka has, and every stream gets it from there.
import { createHmac } from "node:crypto";
import { medians, percentile } from "../support/numbers.mjs";
import { MERCURE_KEY, startMercure } from "../support/peers.mjs";
import { startPortal } from "../support/portal.mjs";
import { cpuSeconds, residentMiB, stop } from "../support/process.mjs";
import { EVENT } from "../support/remotes.mjs";
import { listen } from "../support/streams.mjs";
import { row } from "../support/table.mjs";

const STREAMS = 1_000;
const PER_SECOND = 20;
const SECONDS = 5;
/** As long as a chat message: the events have about 150 bytes on the wire. */
const TEXT = "x".repeat(60);

export default async function stream({ rounds, peers }) {
  const portal = await startPortal();
  const cookie = await portal.login();
  const ours = await measure(portal, rounds, {
    url: `${portal.origin}/stream?types=${EVENT}`,
    headers: { cookie },
    publish: (payload) => publishEvent(portal.origin, cookie, payload),
  });
  await portal.stop();

  const mercure = peers ? await startMercure() : undefined;
  if (!mercure) return rows(ours);
  const theirs = await measure(mercure, rounds, {
    url: `${mercure.origin}/.well-known/mercure?topic=bench`,
    headers: {},
    publish: (payload) => publishUpdate(mercure.origin, payload),
  });
  await stop(mercure.child);
  return rows(ours, theirs);
}

async function measure({ child }, rounds, { url, headers, publish }) {
  const before = residentMiB(child);
  const streams = await listen(url, headers, STREAMS);
  const memory = ((residentMiB(child) - before) * 1024) / STREAMS;
  await round(child, streams, publish, 1);
  const measured = [];
  for (let number = 0; number < rounds; number += 1) measured.push(await round(child, streams, publish, SECONDS));
  streams.close();
  return { ...medians(measured), memory };
}

/** Publishes at a steady pace and waits for every delivery; one that is missing fails the run. */
async function round(child, streams, publish, seconds) {
  const events = PER_SECOND * seconds;
  const cpuBefore = cpuSeconds(child);
  const arrived = streams.expect(events * STREAMS);
  const published = [];
  for (let number = 0; number < events; number += 1) {
    published.push(publish({ at: performance.now(), text: TEXT }));
    await new Promise((resolve) => setTimeout(resolve, 1_000 / PER_SECOND));
  }
  await Promise.all(published);
  const latencies = (await arrived).sort();
  const cpu = ((cpuSeconds(child) - cpuBefore) * 1e6) / latencies.length;
  return { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99), cpu };
}

async function publishEvent(origin, cookie, data) {
  const event = { specversion: "1.0", id: crypto.randomUUID(), source: "@bench/remote-1", type: EVENT, data };
  const headers = { cookie, "content-type": "application/cloudevents+json", "x-csrf": "1" };
  const response = await fetch(`${origin}/events`, { method: "POST", headers, body: JSON.stringify(event) });
  if (response.status !== 202) throw new Error(`/events answered ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
}

async function publishUpdate(origin, data) {
  const headers = { authorization: `Bearer ${token()}` };
  const body = new URLSearchParams({ topic: "bench", data: JSON.stringify({ data }) });
  const response = await fetch(`${origin}/.well-known/mercure`, { method: "POST", headers, body });
  if (!response.ok) throw new Error(`Mercure answered ${response.status}`);
  await response.arrayBuffer();
}

/** A publisher's JWT for Mercure (HS256). */
function token() {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part({ mercure: { publish: ["*"] } })}`;
  return `${signed}.${createHmac("sha256", MERCURE_KEY).update(signed).digest("base64url")}`;
}

function rows(ours, theirs) {
  const peer = (key) => theirs && { name: "Mercure, in memory", value: theirs[key] };
  const line = (what, unit, key) => row({ what, unit, portico: ours[key], peer: peer(key), better: "less" });
  return [
    line("event to 1,000 streams, p50", "ms", "p50"),
    line("event to 1,000 streams, p99", "ms", "p99"),
    line("event, CPU time", "µs/delivery", "cpu"),
    line("memory of an idle stream", "KiB", "memory"),
  ];
}
