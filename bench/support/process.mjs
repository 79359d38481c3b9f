// Processes on a core of their own, and what they cost.
import { spawn } from "node:child_process";
import { openSync, readFileSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Servers run here, and nothing else. */
export const SERVER_CORE = 0;
/** Load generators, and upstreams behind what is measured. */
export const LOAD_CORE = 1;

/** Clock ticks per second of /proc/PID/stat: 100 on every Linux that has user space to tell (USER_HZ). */
const TICKS = 100;

const running = new Set();

/** Starts `command` on `core`; its output goes to `log`. */
export function start(core, command, { log, env = {}, cwd } = {}) {
  const output = log ? openSync(log, "a") : "ignore";
  const child = spawn("taskset", ["-c", String(core), ...command], {
    stdio: ["ignore", output, output],
    env: { ...environment(), ...env },
    cwd,
  });
  running.add(child);
  child.on("exit", () => running.delete(child));
  return child;
}

/** The environment without settings of a portal: each is what a measurement says it is. */
function environment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PORTICO_")));
}

/** Ends one process and waits until it is gone; kills it where it is not within `patience` milliseconds. */
export async function stop(child, patience = 3_000) {
  if (!running.has(child)) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), patience);
  await gone;
  clearTimeout(late);
}

/** Kills a process and its children without a word to them, and waits until they are gone. */
export async function kill(child) {
  const gone = new Promise((resolve) => child.once("exit", resolve));
  signal(child, "SIGKILL");
  await gone;
}

/** Sends a signal to a process and its children. */
export function signal(child, name) {
  tree(child.pid).forEach((pid) => process.kill(pid, name));
}

/** Ends what is still running. */
export async function stopEverything() {
  await Promise.all([...running].map(stop));
}

/** Waits until a URL answers 2xx; says what the process logged when it does not. */
export async function ready(url, { child, log, within = 20_000, pause = 20 } = {}) {
  const deadline = Date.now() + within;
  while (Date.now() < deadline) {
    if (child && !running.has(child)) break;
    const response = await fetch(url).catch(() => undefined);
    await response?.arrayBuffer();
    if (response?.ok) return;
    await sleep(pause);
  }
  const tail = log ? `\n${readFileSync(log, "utf8").split("\n").slice(-15).join("\n")}` : "";
  throw new Error(`${url} was not ready within ${within / 1000} s${tail}`);
}

/** CPU seconds that a process and its children have used so far, from /proc. */
export function cpuSeconds(child) {
  return tree(child.pid).reduce((sum, pid) => sum + cpuOf(pid), 0);
}

function cpuOf(pid) {
  // The name in the second field may hold anything but ")" followed by a space and a state.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

function tree(pid) {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(tree)];
}

/** Resident memory of a process and its children, in MiB. */
export function residentMiB(child) {
  return tree(child.pid).reduce((sum, pid) => {
    const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return sum + Number(line?.[1] ?? 0) / 1024;
  }, 0);
}
