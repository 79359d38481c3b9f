// The same faults, in the same order, to the portal and to its peers, under load: what was acknowledged is compared with what clients
// got that come back by the place they left off. `BENCH_SEED` is the first schedule's seed; the next ones count on from it.
import { setTimeout as sleep } from "node:timers/promises";
import { Load } from "../faults/load.mjs";
import { FAULTS, schedule } from "../faults/schedule.mjs";
import { SERVERS } from "../faults/servers.mjs";
import { kill, signal, stop } from "../support/process.mjs";
import { row } from "../support/table.mjs";

/** How many events are published and not acknowledged at least when something happens. */
const LOAD = 5;
/** How long a server may take to end in order, in milliseconds. */
const PATIENCE = 20_000;

const SEED = Number(process.env.BENCH_SEED ?? 1);

export default async function faults({ rounds, peers }) {
  const { portico, ...others } = SERVERS;
  const ours = await through(portico, rounds);
  const theirs = [];
  if (peers) for (const start of Object.values(others)) theirs.push(await through(start, rounds));
  const all = [ours, ...theirs.filter(Boolean)];
  console.error(`\n${table(all)}`);
  return rows(ours, all.slice(1));
}

/** What became of a server in so many schedules, or nothing where it is not installed. */
async function through(start, schedules) {
  const server = await start();
  if (!server) return undefined;
  const runs = [];
  for (let number = 0; number < schedules; number += 1) runs.push(await run(server, SEED + number));
  await server.end();
  const sums = Object.keys(runs[0]).map((key) => [key, runs.reduce((sum, run) => sum + run[key], 0)]);
  const inFlight = runs.flatMap((run) => run.inFlight);
  const total = { ...Object.fromEntries(sums), name: server.name, inFlight };
  if (Math.min(...inFlight) < LOAD || total.acknowledged === 0 || total.received === 0) throw new Error(`${server.name}: no faults under load`);
  return total;
}

/** What each fault does to a server with a load. */
const INJECT = {
  [FAULTS.killed]: async (server, _, lasts) => {
    await kill(server.child);
    await sleep(lasts);
    await server.launch();
  },
  [FAULTS.stalled]: async (server, _, lasts) => {
    signal(server.child, "SIGSTOP");
    await sleep(lasts);
    signal(server.child, "SIGCONT");
  },
  [FAULTS.restarted]: async (server) => {
    await stop(server.child, PATIENCE);
    await server.launch();
  },
  [FAULTS.cut]: async (_, load) => load.cut(),
};

/** One server through one schedule. */
async function run(server, seed) {
  const load = new Load(server, seed);
  await load.begin();
  const inFlight = [];
  for (const { fault, after, lasts } of schedule(seed)) {
    await sleep(after);
    inFlight.push(await load.inFlight(LOAD));
    console.error(`  ${server.name}: ${fault}, ${inFlight.at(-1)} events on their way`);
    await INJECT[fault](server, load, lasts);
  }
  return { inFlight, ...(await load.settle()) };
}

function rows(ours, theirs) {
  const peers = theirs.length > 0 ? theirs : [undefined];
  const line = (what, key, budget) =>
    peers.map((peer) => row({ what, unit: "", portico: ours[key], peer: peer && { name: peer.name, value: peer[key] }, better: "less", budget }));
  return [
    ...line(`${ours.inFlight.length} faults under load: acknowledged events lost`, "lost", 0),
    ...line("of these, lost to clients that were not told", "unsignalled", 0),
    ...line("events that came twice", "doubled", 0),
  ];
}

const COLUMNS = {
  server: (server) => server.name,
  faults: (server) => server.inFlight.length,
  "in flight at each": (server) => `${Math.min(...server.inFlight)} to ${Math.max(...server.inFlight)}`,
  acknowledged: (server) => server.acknowledged,
  "sent again": (server) => server.sentAgain,
  streams: (server) => server.streams,
  received: (server) => server.received,
  lost: (server) => server.lost,
  "of these unsignalled": (server) => server.unsignalled,
  doubled: (server) => server.doubled,
  "came again after sent again": (server) => server.repeats,
  "times a client was told": (server) => server.told,
};

/** In Markdown. */
function table(servers) {
  const line = (cells) => `| ${cells.join(" | ")} |\n`;
  const titles = Object.keys(COLUMNS);
  return line(titles) + line(titles.map(() => "---")) + servers.map((server) => line(Object.values(COLUMNS).map((cell) => cell(server)))).join("");
}
