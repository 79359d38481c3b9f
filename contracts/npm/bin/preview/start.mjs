import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { EventDesk } from "./events.mjs";
import { Issuer } from "./issuer.mjs";
import { previewHandler } from "./handler.mjs";

/**
 * Serves the preview until the process ends, and the remote's own service beside it.
 *
 * @param {{ port: number, dist: string }} options
 * @throws {Error} when there is nothing built
 */
export async function startPreview({ port, dist }) {
  const path = join(dist, "remote.json");
  if (!existsSync(path)) throw new Error(`${path} not found; build the remote first`);
  const manifest = JSON.parse(readFileSync(path, "utf8"));
  const origin = `http://127.0.0.1:${port}`;
  const issuer = new Issuer(origin);
  const events = new EventDesk(await answerOf("preview.mjs"));
  const server = createServer(previewHandler({ manifestPath: path, dist: resolve(dist), issuer, events }));
  await new Promise((ready, failed) => server.once("error", failed).listen(port, "127.0.0.1", ready));
  console.log(`${manifest.name}: ${origin}`);
  startService(manifest, origin);
}

/** What stands in for a back end that lives on Kafka. */
async function answerOf(file) {
  if (!existsSync(file)) return undefined;
  return (await import(pathToFileURL(resolve(file)).href)).answer;
}

function startService(manifest, origin) {
  const main = join("service", "main.mjs");
  if (!existsSync(main) || manifest.backend === undefined) return;
  const env = { ...process.env, PORT: new URL(manifest.backend.url).port, PORTICO_ISSUER: origin, PORTICO_ORIGIN: origin };
  const service = spawn(process.execPath, [main], { env, stdio: "inherit" });
  for (const signal of ["SIGTERM", "SIGINT"]) {
    process.once(signal, () => {
      service.kill("SIGTERM");
      process.exit(0);
    });
  }
}
