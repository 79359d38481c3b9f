// What must not grow: memory while a gigabyte streams through, memory under load that goes on, and the cost of finding a route
// with the number of routes, or of deciding about a call with the number of policies. `BENCH_SECONDS=600` makes the load last for ten minutes.
import { execFileSync } from "node:child_process";
import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { UPSTREAM, startUpstream } from "../support/peers.mjs";
import { startPortal } from "../support/portal.mjs";
import { SERVER_CORE, residentMiB, stop } from "../support/process.mjs";
import { row } from "../support/table.mjs";
import { wrkInBackground } from "../support/wrk.mjs";

const SECONDS = Number(process.env.BENCH_SECONDS ?? 20);
const PREFIX = "/bff/bench.remote-1";
/** What is taken for growth; between two readings an allocator gives and takes a few hundred kilobytes. */
const FLAT_MIB = 8;

export default async function endurance() {
  const upstream = await startUpstream();
  const portal = await startPortal(UPSTREAM);
  const headers = { cookie: await portal.login(), "x-csrf": "1" };
  const streamed = await gigabyte(portal, headers);
  const loaded = await load(portal, headers);
  await portal.stop();
  await stop(upstream);
  return [
    row({ what: "a gigabyte streamed: memory added at most", unit: "MiB", portico: streamed, better: "less", budget: FLAT_MIB }),
    row({ what: `load for ${SECONDS} s: memory added after its first tenth`, unit: "MiB", portico: loaded, better: "less", budget: FLAT_MIB }),
    ...routes(),
    ...decisions(),
  ];
}

/** The most that memory grows by while a gigabyte is read. */
async function gigabyte(portal, headers) {
  await download(portal.origin + PREFIX + "/data/megabyte.bin", headers);
  const before = residentMiB(portal.child);
  let most = before;
  const reading = setInterval(() => (most = Math.max(most, residentMiB(portal.child))), 20);
  const bytes = await download(portal.origin + PREFIX + "/data/gigabyte.bin", headers);
  clearInterval(reading);
  if (bytes !== 1e9) throw new Error(`of a gigabyte, ${bytes} bytes arrived`);
  return most - before;
}

function download(url, headers) {
  return new Promise((resolve, reject) => {
    get(url, { headers }, (response) => {
      let bytes = 0;
      response.on("data", (chunk) => (bytes += chunk.length));
      response.on("end", () => resolve(bytes));
      response.on("error", reject);
    }).on("error", reject);
  });
}

/** How much memory is added between the end of the first tenth of the load, when everything is warm, and its end. */
async function load(portal, { cookie, ...headers }) {
  const finished = wrkInBackground(portal.origin + PREFIX + "/data/item", { connections: 64, seconds: SECONDS, headers: { ...headers, cookie } });
  await sleep(SECONDS * 100);
  const early = residentMiB(portal.child);
  await finished;
  return residentMiB(portal.child) - early;
}

/** The line of JSON that a program of the gateway's prints. */
function measured(program) {
  return JSON.parse(execFileSync("taskset", ["-c", String(SERVER_CORE), `target/release/examples/${program}`], { encoding: "utf8" }));
}

function decisions() {
  const { roles, known, new: asked } = measured("decisions");
  const peer = { name: "by roles alone", value: roles };
  const line = (what, portico) => row({ what: `one decision by Cedar, ${what}`, unit: "ns", portico, peer, better: "less" });
  return [
    line("asked before, 3 policies", known.few),
    line("asked before, 100 policies", known.many),
    line("asked for the first time, 3 policies", asked.few),
    line("asked for the first time, 100 policies", asked.many),
  ];
}

function routes() {
  const { few, many } = measured("routes");
  const peer = { name: "Portico with 10 routes", value: few };
  return [row({ what: "finding one of 10,000 routes", unit: "ns", portico: many, peer, better: "less" })];
}
