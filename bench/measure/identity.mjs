// What identity costs: sessions on each store, a login from the first redirect to the page, a call's first (exchanged) and
// second (cached) token, and an idle session's memory. There is no peer that does the same: the stores are beside each other.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { login } from "../support/login.mjs";
import { median } from "../support/numbers.mjs";
import { UPSTREAM, startUpstream } from "../support/peers.mjs";
import { startPortal } from "../support/portal.mjs";
import { LOAD_CORE, SERVER_CORE, start, stop } from "../support/process.mjs";
import { row } from "../support/table.mjs";

const LOGIN_SECONDS = 4;
const LOGINS_AT_ONCE = 8;
const SESSIONS = 100;
const CALL = "/bff/bench.remote-1/data/item";

export default async function identity({ rounds }) {
  return [...(await stores(rounds)), ...(await portal())];
}

async function stores(rounds) {
  const sqlite = await measure(rounds, (directory) => ["sqlite", join(directory, "bench.db")]);
  const postgres = await beside("scripts/postgres", rounds, (port) => ["postgres", `postgres://postgres@127.0.0.1:${port}/postgres`]);
  const redis = await beside("scripts/redis", rounds, (port) => ["redis", `redis://127.0.0.1:${port}`]);
  const of = { SQLite: sqlite, PostgreSQL: postgres, Redis: redis };
  const lines = (what, key) =>
    Object.entries(of).map(([name, measured]) =>
      row({ what: `${what}, ${name}`, unit: "per second", portico: measured[key], better: "more" }),
    );
  return [
    ...lines("session check in memory", "fromMemory"),
    ...lines("session read from the store", "fromStore"),
    ...lines("session saved", "saves"),
    row({ what: "idle session in memory", unit: "bytes", portico: sqlite.idleBytes, better: "less" }),
  ];
}

/** The medians of several runs, each in a directory of its own. */
async function measure(rounds, words) {
  const runs = Array.from({ length: rounds }, () => {
    const directory = mkdtempSync(join(tmpdir(), "portico-bench-"));
    const command = ["-c", String(SERVER_CORE), "target/release/examples/session_store", ...words(directory)];
    const line = execFileSync("taskset", command, { encoding: "utf8" });
    rmSync(directory, { recursive: true, force: true });
    return JSON.parse(line);
  });
  return Object.fromEntries(Object.keys(runs[0]).map((key) => [key, median(runs.map((run) => run[key]))]));
}

/** The same beside a server on the other core. */
async function beside(script, rounds, words) {
  const directory = mkdtempSync(join(tmpdir(), "portico-bench-"));
  const port = await freePort();
  const server = start(LOAD_CORE, [script, "run", String(port), directory]);
  try {
    await listening(port);
    return await measure(rounds, () => words(port));
  } finally {
    await stop(server);
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Waits until the server takes connections; PostgreSQL makes its files first. */
async function listening(port) {
  for (let tries = 0; tries < 300; tries += 1) {
    const open = await new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
      socket.on("connect", () => socket.end());
    });
    if (open) return;
    await sleep(100);
  }
  throw new Error(`nothing listens on port ${port}`);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function portal() {
  const upstream = await startUpstream();
  const running = await startPortal(UPSTREAM);
  const logins = await loginsPerSecond(running.origin);
  const [exchanged, cached] = await calls(running.origin);
  await running.stop();
  await stop(upstream);
  return [
    row({ what: "logins, from the first redirect to the page", unit: "per second", portico: logins, better: "more" }),
    row({ what: "first call of a session, token exchanged, p50", unit: "µs", portico: exchanged, better: "less" }),
    row({ what: "second call, token cached, p50", unit: "µs", portico: cached, better: "less" }),
  ];
}

async function loginsPerSecond(origin) {
  const end = performance.now() + LOGIN_SECONDS * 1000;
  let done = 0;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: LOGINS_AT_ONCE }, async () => {
      while (performance.now() < end) {
        await login(origin, "alice");
        done += 1;
      }
    }),
  );
  return (done * 1000) / (performance.now() - began);
}

/** Medians in microseconds: of the first call of each session, and of its second. */
async function calls(origin) {
  const [first, second] = [[], []];
  for (let number = 0; number < SESSIONS; number += 1) {
    const headers = { Cookie: await login(origin, "alice"), "X-CSRF": "1" };
    for (const times of [first, second]) {
      const began = performance.now();
      const answer = await fetch(origin + CALL, { headers });
      await answer.arrayBuffer();
      if (!answer.ok) throw new Error(`the call was answered with ${answer.status}`);
      times.push((performance.now() - began) * 1000);
    }
  }
  return [median(first), median(second)];
}
