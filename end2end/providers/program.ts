import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { LOGS, ROOT } from "../portal/portal.ts";

/** How long a provider may take until it answers, in milliseconds: Keycloak takes ten seconds on an idle machine. */
const START_LIMIT = 120_000;

/** Starts a provider and waits until its discovery document can be read; the function returned ends it. */
export async function startProvider(name: string, command: [string, ...string[]], issuer: string, portal: string): Promise<() => Promise<void>> {
  await mkdir(LOGS, { recursive: true });
  const logFile = join(LOGS, `${name}.log`);
  const log = await open(logFile, "w");
  const [program, ...options] = command;
  // A group of its own: Keycloak's start script is not the process that serves.
  const child = spawn(program, options, { cwd: ROOT, detached: true, stdio: ["ignore", log.fd, log.fd], env: { ...process.env, PORTICO_URL: portal } });
  await log.close();
  try {
    await answering(child, `${issuer}/.well-known/openid-configuration`, logFile);
  } catch (error) {
    await end(child);
    throw error;
  }
  return () => end(child);
}

async function answering(child: ChildProcess, url: string, logFile: string): Promise<void> {
  const deadline = Date.now() + START_LIMIT;
  while (!(await isUp(url))) {
    const over = child.exitCode !== null ? `ended with ${child.exitCode}` : Date.now() > deadline ? "does not answer" : "";
    if (over) throw new Error(`The provider at ${url} ${over}. Its log ends:\n${(await readFile(logFile, "utf8")).slice(-2000)}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

async function isUp(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    return false;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  process.kill(-child.pid, "SIGTERM");
  await ended;
}
