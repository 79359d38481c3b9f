// Twenty remotes for one portal: manifests with real hashes, which the portal's development key signs.
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const EVENT = "bench.tick";
export const TOPIC = "bench.ticks";
export const AUDIENCE = "https://api.portico.example/bench";

/** How many, as the issue asks. */
export const COUNT = 20;
const SECTIONS = ["Work", "Insights", "Organization", "Tools"];

/** Writes the remotes' directories; the first one has an upstream and events. */
export function writeRemotes(directory, upstream) {
  for (let number = 1; number <= COUNT; number += 1) {
    const place = join(directory, `remote-${number}`);
    mkdirSync(place, { recursive: true });
    const entry = `export function mount(el) { el.textContent = "Remote ${number}"; return () => el.replaceChildren(); }\n`;
    writeFileSync(join(place, "index.js"), entry);
    const manifest = { ...plain(number, entry), ...(number === 1 ? busy(upstream) : {}), ...(number === 2 ? hanging() : {}) };
    writeFileSync(join(place, "remote.json"), JSON.stringify(manifest, undefined, 2));
  }
}

function plain(number, entry) {
  return {
    name: `@bench/remote-${number}`,
    version: "1.0.0",
    displayName: `Remote ${number}`,
    owner: `team-${1 + (number % 7)}`,
    shell: "^1.0.0",
    frontend: {
      entry: "index.js",
      format: "esm",
      integrity: `sha384-${createHash("sha384").update(entry).digest("base64")}`,
      isolation: "shadow",
      bundleSize: entry.length,
      routes: [
        {
          path: `/remote-${number}`,
          title: `Remote number ${number}`,
          mount: "mount",
          nav: { section: SECTIONS[number % SECTIONS.length], order: number },
        },
      ],
      // As on a real home page, some of the remotes have a card there.
      cards: number <= 6 ? [{ slot: number <= 3 ? "home:left" : "home:right", mount: "mount", height: 240 }] : [],
    },
  };
}

/** Where an upstream listens that never answers, in the benchmark that has one. */
export const HANGING_PORT = 4312;
export const HANGING_UPSTREAM = `http://127.0.0.1:${HANGING_PORT}`;

function hanging() {
  return { backend: { ...busy(HANGING_UPSTREAM).backend, timeoutMs: 30_000 } };
}

function busy(upstream) {
  return {
    backend: {
      url: upstream,
      audience: AUDIENCE,
      scopes: ["todos.read"],
      timeoutMs: 5000,
      retries: 0,
      routes: [{ methods: ["GET"], path: "/data/**", permissions: ["todos.read"] }],
    },
    events: {
      publish: [{ type: EVENT, topic: TOPIC, permissions: ["todos.read"] }],
      subscribe: [{ type: EVENT, topic: TOPIC, permissions: ["todos.read"] }],
    },
  };
}
