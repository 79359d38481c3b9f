// wrk (Debian package) on the load core, with exact figures from its own histogram.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { LOAD_CORE, cpuSeconds } from "./process.mjs";

const REPORT = fileURLToPath(new URL("report.lua", import.meta.url));

/**
 * Loads a URL and tells requests per second, p50 and p99 in microseconds, and the server's CPU time per request.
 * @returns {{rate: number, p50: number, p99: number, cpu: number}}
 */
export function wrk(url, { connections, seconds, headers = {}, server }) {
  const cpuBefore = server ? cpuSeconds(server) : 0;
  const lines = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  const output = execFileSync(
    "taskset",
    ["-c", String(LOAD_CORE), "wrk", "-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "5s", "-s", REPORT, ...lines, url],
    { encoding: "utf8" },
  );
  const result = JSON.parse(output.slice(output.lastIndexOf("{")));
  if (result.errors > 0) throw new Error(`${url}: ${result.errors} of ${result.requests} answers were errors`);
  const cpu = server ? ((cpuSeconds(server) - cpuBefore) * 1e6) / result.requests : 0;
  return { rate: (result.requests * 1e6) / result.duration, p50: result.p50, p99: result.p99, cpu };
}
