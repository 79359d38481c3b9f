// From publishing an event to its arrival on each of many EventSource streams, and what a stream gets that comes back, beside
// Mercure, Centrifugo and Nchan. The portal's way is longer: it acknowledges only what Kafka has, and every stream gets it from there,
// its signature checked.
import { setTimeout as sleep } from "node:timers/promises";
import { medians } from "../support/numbers.mjs";
import { startKafka } from "../support/kafka.mjs";
import { startCentrifugo, startMercure, startNchan } from "../support/peers.mjs";
import { startPortal } from "../support/portal.mjs";
import { cpuSeconds, residentMiB, stop } from "../support/process.mjs";
import { listen, moment, positionAfter, resume } from "../support/streams.mjs";
import { row } from "../support/table.mjs";
import { throughCentrifugo, throughMercure, throughNchan, throughPortal } from "../support/ways.mjs";

/** Less than 1 to see that it works, on a machine that is busy. */
const SCALE = Number(process.env.BENCH_SCALE ?? 1);
const scaled = (count) => Math.max(10, Math.round(count * SCALE));

const SECONDS = 5;
/** As long as a chat message: the events have about 150 bytes on the wire. */
const TEXT = "x".repeat(60);
/** What an idle stream may take, in KiB. */
const MEMORY_BUDGET = 8;
/** How long a storm may take, in milliseconds. */
const STORM_BUDGET = 1_000;

/** How many streams, how many times a second something is published, and how many events then. */
const LOADS = {
  // First, on a server that has freed only what the warm-up left, which its streams could use again.
  many: { streams: scaled(10_000), perSecond: 2, together: 1 },
  few: { streams: scaled(1_000), perSecond: 20, together: 1 },
  bursts: { streams: scaled(1_000), perSecond: 5, together: 8 },
  floods: { streams: scaled(1_000), perSecond: 2, together: 32 },
};
/** How many streams come back at once, and how many events each is behind. */
const STORM = { streams: scaled(10_000), events: 100 };
/** How many events one stream is behind that has been away for long. */
const LONG = scaled(100_000);
/** One session for so many of the most streams, and its own for each where there are fewer. */
const STREAMS_PER_SESSION = 4;
/** How many events are published at a time, where it does not matter when. */
const PUBLISHERS = 32;
/** So many are published before anything is measured: a Kafka that has just started runs code that is not compiled yet. */
const WARM_UP = scaled(5_000);

export default async function stream({ rounds, peers }) {
  const ours = await portal(rounds);
  const theirs = peers ? [await mercure(rounds), await centrifugo(rounds), await nchan(rounds)].filter(Boolean) : [];
  return rows(ours, theirs);
}

async function portal(rounds) {
  const kafka = await startKafka();
  const memory = await idleMemory(kafka.brokers);
  const server = await startPortal(undefined, kafka.brokers);
  const way = throughPortal(server.origin, await server.logins(Math.ceil(LOADS.many.streams / STREAMS_PER_SESSION)));
  const measured = await measure(server.child, rounds, way);
  measured.many.memory = memory;
  measured.storm = await storm(rounds, way);
  measured.long = await behind(way, 1, LONG, server.restart);
  await server.stop();
  await kafka.stop();
  return measured;
}

/**
 * What an idle stream takes in KiB, on a portal where few have signed in: streams would use again what thousands of logins have left
 * free. Its session comes to that (`identity`).
 */
async function idleMemory(brokers) {
  const server = await startPortal(undefined, brokers);
  const way = throughPortal(server.origin, await server.logins(1));
  const { streams, memory } = await opened(server.child, way, LOADS.many.streams);
  streams.close();
  await server.stop();
  return memory;
}

async function mercure(rounds) {
  const inMemory = await startMercure({ history: false });
  if (!inMemory) return undefined;
  const measured = await measure(inMemory.child, rounds, throughMercure(inMemory.origin));
  await stop(inMemory.child);
  // In memory it keeps nothing that a stream could come back to.
  const onDisk = await startMercure({ history: true });
  measured.storm = await storm(rounds, throughMercure(onDisk.origin));
  await stop(onDisk.child);
  return { name: "Mercure, in memory (what comes back: on disk)", ...measured };
}

const centrifugo = (rounds) => peer("Centrifugo, in memory, no session", startCentrifugo, throughCentrifugo, rounds);
const nchan = (rounds) => peer("Nchan, in memory, no session", startNchan, throughNchan, rounds);

async function peer(name, start, through, rounds) {
  const server = await start();
  if (!server) return undefined;
  const measured = await measure(server.child, rounds, through(server.origin));
  measured.storm = await storm(rounds, through(server.origin));
  await stop(server.child);
  return { name, ...measured };
}

/** So many streams, and what each takes in KiB. */
async function opened(child, way, count) {
  const before = residentMiB(child);
  const streams = await listen(way.target, count);
  return { streams, memory: ((residentMiB(child) - before) * 1024) / count };
}

/** Each load in turn, all of it on one server. */
async function measure(child, rounds, way) {
  const measured = {};
  await publishAll(WARM_UP, way.publish);
  for (const [name, load] of Object.entries(LOADS)) {
    const { streams, memory } = await opened(child, way, load.streams);
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
  const { arrived } = await streams.expect(times * together * count);
  const published = [];
  for (let number = 0; number < times; number += 1) {
    for (let event = 0; event < together; event += 1) published.push(publish({ at: moment(), text: TEXT }));
    await sleep(1_000 / perSecond);
  }
  await Promise.all(published);
  const { count: deliveries, p50, p99 } = await arrived;
  const cpu = ((cpuSeconds(child) - cpuBefore) * 1e6) / deliveries;
  return { p50, p99, cpu };
}

/** Everybody comes back at once: the middle of the times, and every event that was missed in any round. */
async function storm(rounds, way) {
  const results = [];
  for (let number = 0; number < rounds; number += 1) results.push(await behind(way, STORM.streams, STORM.events));
  return { ...medians(results), missed: results.reduce((sum, result) => sum + result.missed, 0) };
}

/** `count` streams that come back after `events` events, and after what happens `meanwhile`. */
async function behind(way, count, events, meanwhile = () => {}) {
  const mark = crypto.randomUUID();
  const position = await positionAfter(way.target(0), () => way.publish({ mark }), (text) => way.position(text, mark));
  await publishAll(events, way.publish);
  await meanwhile();
  const { milliseconds, lost, doubled, refused } = await resume(way.from(position), count, events);
  if (refused > 0) console.error(`${refused} of ${count} streams were refused`);
  return { milliseconds, missed: lost + doubled, perSecond: (count * events) / (milliseconds / 1_000) };
}

/** So many events as fast as they are taken. */
async function publishAll(events, publish) {
  let next = 0;
  const publisher = async () => {
    while (next < events) {
      const n = next;
      next += 1;
      await publish({ n, text: TEXT });
    }
  };
  await Promise.all(Array.from({ length: PUBLISHERS }, publisher));
}

function rows(ours, theirs) {
  const line = (what, unit, load, key, budget) => {
    const peers = theirs.length > 0 ? theirs : [undefined];
    return peers.map((peer) => {
      const value = peer && { name: peer.name, value: peer[load][key] };
      return row({ what, unit, portico: ours[load][key], peer: value, better: "less", budget });
    });
  };
  const [many, few, bursts, all, long] = [LOADS.many.streams, LOADS.few.streams, LOADS.bursts.streams, STORM.streams, LONG].map((count) => count.toLocaleString("en"));
  return [
    ...line(`event to ${few} streams, p50`, "ms", "few", "p50"),
    ...line(`event to ${few} streams, p99`, "ms", "few", "p99"),
    ...line(`event to ${few} streams, CPU time`, "µs/delivery", "few", "cpu"),
    ...line(`8 events at once to ${bursts} streams, CPU time`, "µs/delivery", "bursts", "cpu"),
    ...line(`32 events at once to ${bursts} streams, CPU time`, "µs/delivery", "floods", "cpu"),
    ...line(`event to ${many} streams, CPU time`, "µs/delivery", "many", "cpu"),
    ...line(`memory of an idle stream without its session, of ${many}`, "KiB", "many", "memory", MEMORY_BUDGET),
    ...line(`${all} streams back at once, each ${STORM.events} events behind`, "ms", "storm", "milliseconds", STORM_BUDGET),
    ...line("the same: events lost or doubled, all rounds", "", "storm", "missed", 0),
    row({ what: `one stream back after a restart, ${long} events behind`, unit: "events/s", portico: ours.long.perSecond, better: "more" }),
    row({ what: "the same: events lost or doubled", unit: "", portico: ours.long.missed, better: "less", budget: 0 }),
  ];
}
