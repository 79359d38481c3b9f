// The same faults, in the same order, to the portal and to its peers, under load: what was acknowledged is compared with what clients
// got that come back by the place they left off.
//
//   SOAK_SEED=1        the first schedule's seed; the next ones count on from it
//   SOAK_SCHEDULES=3   how many schedules each server goes through
//   SOAK_REPORT=file   where the table goes too
//   SOAK_ONLY=nchan    some of the servers: portico, mercure, centrifugo, nchan
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { kill, signal, stop, stopEverything } from "../support/process.mjs";
import { Load } from "./load.mjs";
import { FAULTS, schedule } from "./schedule.mjs";
import { SERVERS } from "./servers.mjs";

/** How many events are published and not acknowledged at least when something happens. */
const LOAD = 5;
/** How long a server may take to end in order, in milliseconds. */
const PATIENCE = 20_000;

const seed = Number(process.env.SOAK_SEED ?? 1);
const only = process.env.SOAK_ONLY?.split(",") ?? Object.keys(SERVERS);
const schedules = Number(process.env.SOAK_SCHEDULES ?? 3);

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
    console.error(`  ${server.name}: ${fault}; ${inFlight.at(-1)} events on their way`);
    await INJECT[fault](server, load, lasts);
  }
  return { inFlight, ...(await load.settle()) };
}

async function all(start) {
  const server = await start();
  if (!server) return undefined;
  console.error(`==> ${server.name}`);
  const runs = [];
  for (let number = 0; number < schedules; number += 1) {
    const outcome = await run(server, seed + number);
    console.error(`  seed ${seed + number}:`, JSON.stringify(outcome));
    runs.push(outcome);
  }
  await server.end();
  return sum(server.name, runs);
}

function sum(name, runs) {
  const total = { name, inFlight: runs.flatMap((run) => run.inFlight) };
  for (const key of Object.keys(runs[0]).filter((key) => key !== "inFlight")) total[key] = runs.reduce((sum, run) => sum + run[key], 0);
  return total;
}

const COLUMNS = {
  server: (row) => row.name,
  faults: (row) => row.inFlight.length,
  "in flight at each": (row) => `${Math.min(...row.inFlight)} to ${Math.max(...row.inFlight)}`,
  acknowledged: (row) => row.acknowledged,
  "sent again": (row) => row.sentAgain,
  streams: (row) => row.streams,
  received: (row) => row.received,
  lost: (row) => row.lost,
  "of these unsignalled": (row) => row.unsignalled,
  doubled: (row) => row.doubled,
  "came again after sent again": (row) => row.repeats,
  "times a client was told": (row) => row.told,
};

function table(rows) {
  const line = (cells) => `| ${cells.join(" | ")} |\n`;
  const titles = Object.keys(COLUMNS);
  return line(titles) + line(titles.map(() => "---")) + rows.map((row) => line(Object.values(COLUMNS).map((cell) => cell(row)))).join("");
}

for (const name of ["SIGINT", "SIGTERM"]) {
  process.on(name, async () => {
    await stopEverything();
    process.exit(130);
  });
}

const rows = [];
try {
  for (const name of only) {
    const row = await all(SERVERS[name]);
    if (row) rows.push(row);
  }
} finally {
  await stopEverything();
}
console.log(table(rows));
if (process.env.SOAK_REPORT) writeFileSync(process.env.SOAK_REPORT, table(rows));

// What makes a run worthless, and what the portal promises.
const wrong = rows.flatMap((row) => [
  ...(row.inFlight.length === 0 || Math.min(...row.inFlight) < LOAD || row.acknowledged === 0 || row.received === 0 ? [`${row.name}: no faults under load`] : []),
  ...(row.name === "Portico" && row.lost + row.doubled > 0 ? [`${row.name}: ${row.lost} lost, ${row.doubled} doubled`] : []),
]);
wrong.forEach((what) => console.error(what));
process.exitCode = wrong.length > 0 || rows.length === 0 ? 1 : 0;
