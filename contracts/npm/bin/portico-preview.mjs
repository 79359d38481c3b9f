#!/usr/bin/env node
// Shows a built remote without a portal: a bare page with a stand-in for the platform context.
import { parseArgs } from "node:util";
import { startPreview } from "./preview/start.mjs";

const USAGE = `portico-preview [--port 4100] [--dist dist]

Serves the built remote of this folder on http://127.0.0.1:<port>, one page for each route and card of its manifest,
in light and dark. Starts service/main.mjs where there is one, and passes calls on to it with a token of its own
issuer. Events are answered by preview.mjs where there is one: export async function answer(event, reply).`;

const options = {
  port: { type: "string", default: "4100" },
  dist: { type: "string", default: "dist" },
  help: { type: "boolean", short: "h", default: false },
};

try {
  const { values } = parseArgs({ options });
  if (values.help) console.log(USAGE);
  else await startPreview({ port: Number(values.port), dist: values.dist });
} catch (error) {
  console.error(`portico-preview: ${error.message}`);
  process.exitCode = 1;
}
