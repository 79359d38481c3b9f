// wrk (Debian package) on the load core, with exact figures from its own histogram.
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { LOAD_CORE, cpuSeconds } from "./process.mjs";

const REPORT = fileURLToPath(new URL("report.lua", import.meta.url));

/**
 * Loads a URL and tells requests per second, p50 and p99 in microseconds, the server's CPU time per request and answered
 * megabytes per second. Requests take turns with `cookies`, each of which is a session.
 * @returns {{rate: number, p50: number, p99: number, cpu: number, throughput: number}}
 */
export function wrk(url, { connections, seconds, headers = {}, cookies = [], server }) {
  const cpuBefore = server ? cpuSeconds(server) : 0;
  const output = execFileSync("taskset", command(url, { connections, seconds, headers, cookies }), { encoding: "utf8" });
  const result = JSON.parse(output.slice(output.lastIndexOf("{")));
  if (result.errors > 0) throw new Error(`${url}: ${result.errors} of ${result.requests} answers were errors`);
  const cpu = server ? ((cpuSeconds(server) - cpuBefore) * 1e6) / result.requests : 0;
  const throughput = result.bytes / result.duration;
  return { rate: (result.requests * 1e6) / result.duration, p50: result.p50, p99: result.p99, cpu, throughput };
}

/** The same load beside whatever else is done meanwhile. Rejects when an answer was an error. */
export async function wrkInBackground(url, { connections, seconds, headers }) {
  const { stdout } = await promisify(execFile)("taskset", command(url, { connections, seconds, headers }));
  const result = JSON.parse(stdout.slice(stdout.lastIndexOf("{")));
  if (result.errors > 0) throw new Error(`${url}: ${result.errors} of ${result.requests} answers were errors`);
  return result;
}

function command(url, { connections, seconds, headers = {}, cookies = [] }) {
  const lines = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  const load = ["wrk", "-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "5s", "-s", REPORT];
  return ["-c", String(LOAD_CORE), ...load, ...lines, url, ...turns(cookies)];
}

/** The arguments by which the script learns of the sessions. */
function turns(cookies) {
  if (cookies.length === 0) return [];
  const file = join(mkdtempSync(join(tmpdir(), "portico-bench-")), "cookies");
  writeFileSync(file, `${cookies.join("\n")}\n`);
  return ["--", file];
}
