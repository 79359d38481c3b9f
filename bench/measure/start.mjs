// From starting the process in an empty data directory (keys are made, the event log and the identity provider start) to
// `/readyz` answering 200, beside Fastify with one page.
import { median } from "../support/numbers.mjs";
import { startFastify } from "../support/peers.mjs";
import { startPortal } from "../support/portal.mjs";
import { stop } from "../support/process.mjs";
import { row } from "../support/table.mjs";

const STARTS = 10;
/** Milliseconds. */
const BUDGET = 1_000;

export default async function start({ peers }) {
  const ours = await medianOf(async () => {
    const portal = await startPortal();
    return portal.stop;
  });
  const theirs = peers && (await medianOf(async () => {
    const fastify = await startFastify({ state: {}, sprite: "", assets: {} }, "__Host-portico=x");
    return () => stop(fastify.child);
  }));
  const peer = theirs ? { name: "Fastify + React", value: theirs } : undefined;
  return [row({ what: `start to ready, ${STARTS} starts`, unit: "ms", portico: ours, peer, better: "less", budget: BUDGET })];
}

async function medianOf(begin) {
  const times = [];
  for (let number = 0; number < STARTS; number += 1) {
    const began = performance.now();
    const end = await begin();
    times.push(performance.now() - began);
    await end();
  }
  return median(times);
}
