import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, open, readFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import { LOGS, ROOT } from "../portal/portal.ts";

/** How long a program may take until it answers, in milliseconds: Keycloak takes ten seconds on an idle machine. */
const START_LIMIT = 120_000;

/** A program that others wrote, beside the portal. */
export interface Program {
  /** What its log file is called. */
  name: string;
  command: [string, ...string[]];
  environment?: Record<string, string>;
  /** Whether it answers by now. */
  ready: () => Promise<boolean>;
  /** What makes it end soon; SIGTERM where it says nothing else. */
  signal?: NodeJS.Signals;
}

/** Starts a program and waits until it is ready; the function returned ends it. */
export async function startProgram({ name, command, environment = {}, ready, signal = "SIGTERM" }: Program): Promise<() => Promise<void>> {
  await mkdir(LOGS, { recursive: true });
  const logFile = join(LOGS, `${name}.log`);
  const log = await open(logFile, "w");
  const [program, ...options] = command;
  // A group of its own: Keycloak's start script is not the process that serves.
  const child = spawn(program, options, { cwd: ROOT, detached: true, stdio: ["ignore", log.fd, log.fd], env: { ...process.env, ...environment } });
  await log.close();
  try {
    await answering(child, name, ready, logFile);
  } catch (error) {
    await end(child, signal);
    throw error;
  }
  return () => end(child, signal);
}

/** Whether a GET of this URL succeeds. */
export async function answersHttp(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    return false;
  }
}

/** Whether something takes connections on this port. */
export function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

async function answering(child: ChildProcess, name: string, ready: () => Promise<boolean>, logFile: string): Promise<void> {
  const deadline = Date.now() + START_LIMIT;
  while (!(await ready())) {
    const over = child.exitCode !== null ? `ended with ${child.exitCode}` : Date.now() > deadline ? "does not answer" : "";
    if (over) throw new Error(`${name} ${over}. Its log ends:\n${(await readFile(logFile, "utf8")).slice(-2000)}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  process.kill(-child.pid, signal);
  await ended;
}
