// Runs the benchmarks one after another and prints one table. Servers get core 0 and load gets core 1, so that neither
// takes time from the other; every figure is the median of several rounds.
import { cpus } from "node:os";
import endurance from "./measure/endurance.mjs";
import faults from "./measure/faults.mjs";
import identity from "./measure/identity.mjs";
import isolation from "./measure/isolation.mjs";
import page from "./measure/page.mjs";
import proxy from "./measure/proxy.mjs";
import start from "./measure/start.mjs";
import stream from "./measure/stream.mjs";
import weight from "./measure/weight.mjs";
import { stopEverything } from "./support/process.mjs";
import { table } from "./support/table.mjs";

const MEASUREMENTS = { page, proxy, isolation, endurance, stream, faults, identity, weight, start };

const only = process.env.BENCH_ONLY?.split(",") ?? Object.keys(MEASUREMENTS);
const options = {
  rounds: Number(process.env.BENCH_ROUNDS ?? 3),
  peers: process.env.BENCH_PEERS !== "0",
};

const unknown = only.filter((name) => !(name in MEASUREMENTS));
if (unknown.length > 0) {
  console.error(`BENCH_ONLY: ${unknown.join(", ")} is none of ${Object.keys(MEASUREMENTS).join(", ")}`);
  process.exit(2);
}
if (cpus().length < 2) {
  console.error("The benchmarks need two cores: one for the server, one for the load.");
  process.exit(2);
}

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, async () => {
    await stopEverything();
    process.exit(130);
  });
}

const began = Date.now();
const rows = [];
try {
  for (const name of only) {
    console.error(`==> ${name}`);
    rows.push(...(await MEASUREMENTS[name](options)));
  }
} finally {
  await stopEverything();
}
const machine = `${cpus()[0].model}, ${cpus().length} cores; server on core 0, load on core 1; median of ${options.rounds} rounds`;
console.log(`\n${table(rows)}\n${machine}; ${Math.round((Date.now() - began) / 1000)} s\n`);
// A figure over its budget fails the run, so that it is noticed.
const over = rows.filter((row) => row.over);
for (const row of over) {
  console.error(`over budget: ${row.what}: ${row.portico} (budget ${row.budget})`);
}
process.exitCode = over.length > 0 ? 1 : 0;
