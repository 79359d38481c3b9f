import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { origin } from "./addresses.ts";

/** The checkout. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** Where the build is: `release/portico` and `site`. `PORTICO_TEST_TARGET` names another one than the checkout's. */
const TARGET = process.env["PORTICO_TEST_TARGET"] ?? join(ROOT, "target");
/** Where the logs of the portals of this run are kept. */
export const LOGS = join(ROOT, "end2end/test-results");

/** How long a portal and its services may take until they answer, in milliseconds; they take about one second. */
const START_LIMIT = 30_000;
/** How long it may take to end after SIGTERM, in milliseconds. */
const STOP_LIMIT = 15_000;

/** A portal process of its own, with a data directory of its own. */
export interface Portal {
  url: string;
  logFile: string;
  /** Ends the process and removes its data. */
  stop(): Promise<void>;
}

export interface PortalOptions {
  /** What its log file is called. */
  name: string;
  port: number;
  adminPort: number;
  /** Ports that have to answer before the portal counts as started. */
  services?: number[];
  environment?: Record<string, string>;
}

/** Starts the release build and waits until it and its services are ready. */
export async function startPortal({ name, port, adminPort, services = [], environment = {} }: PortalOptions): Promise<Portal> {
  const binary = join(TARGET, "release/portico");
  if (!existsSync(binary)) throw new Error(`${binary} is not there. Build it with scripts/build.`);
  await refuseTakenPorts([port, adminPort, ...services]);
  const data = await mkdtemp(join(tmpdir(), "portico-test-"));
  await copyRemotes(join(data, "remotes"));
  await mkdir(LOGS, { recursive: true });
  const logFile = join(LOGS, `${name}.log`);
  const log = await open(logFile, "w");
  const child = spawn(binary, {
    cwd: ROOT,
    env: { ...inherited(), ...settings(port, adminPort, data), ...environment },
    stdio: ["ignore", log.fd, log.fd],
  });
  await log.close();
  const stop = async () => {
    await end(child);
    await rm(data, { recursive: true, force: true });
  };
  try {
    await ready(child, [`${origin(port)}/readyz`, ...services.map((service) => `${origin(service)}/healthz`)], logFile);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: origin(port), logFile, stop };
}

/** The built remotes. The portal signs them where they are, with a key of this run: the checkout's own stay untouched. */
function copyRemotes(to: string): Promise<void> {
  const unneeded = /^(node_modules|src|service|vendor|remote\.development-.*)$/;
  return cp(join(ROOT, "remotes"), to, { recursive: true, filter: (source) => !unneeded.test(basename(source)) });
}

/** The environment without settings of someone else's portal. */
function inherited(): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name, value]) => value !== undefined && !name.startsWith("PORTICO_"));
  return Object.fromEntries(entries) as Record<string, string>;
}

/** A whole suite comes from one address, so limits that would stop a single person are out of the way. */
function settings(port: number, adminPort: number, data: string): Record<string, string> {
  return {
    PORTICO_ADDR: `127.0.0.1:${port}`,
    PORTICO_ADMIN_ADDR: `127.0.0.1:${adminPort}`,
    PORTICO_DATA_DIR: data,
    PORTICO_SITE_DIR: join(TARGET, "site"),
    PORTICO_REGISTRY__DIRECTORIES: JSON.stringify([join(data, "remotes")]),
    PORTICO_FIXTURES: "1",
    PORTICO_LIMITS__ANONYMOUS_PER_MINUTE: "1000000",
    PORTICO_LIMITS__SESSION_PER_MINUTE: "100000",
    PORTICO_LIMITS__ORGANIZATION_PER_MINUTE: "100000",
    PORTICO_LIMITS__REMOTE_PER_MINUTE: "100000",
    PORTICO_LISTEN__DRAIN_SECONDS: "1",
    NO_COLOR: "1",
  };
}

/** A service of another portal would verify tokens against another provider: say so instead of failing strangely later. */
async function refuseTakenPorts(ports: number[]): Promise<void> {
  const taken: number[] = [];
  for (const port of ports) if (await answers(port)) taken.push(port);
  if (taken.length === 0) return;
  throw new Error(`Something listens on port ${taken.join(", ")} already: another portal or test run? End it first.`);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

async function ready(child: ChildProcess, urls: string[], logFile: string): Promise<void> {
  const deadline = Date.now() + START_LIMIT;
  for (const url of urls) {
    while (!(await isUp(url))) {
      const over = child.exitCode !== null ? `ended with ${child.exitCode}` : Date.now() > deadline ? `does not answer at ${url}` : "";
      if (over) throw new Error(`The portal ${over}. Its log ends:\n${await tail(logFile)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function isUp(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

async function tail(file: string): Promise<string> {
  return (await readFile(file, "utf8")).split("\n").slice(-15).join("\n");
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT);
  await ended;
  clearTimeout(timer);
}
