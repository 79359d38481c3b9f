#!/usr/bin/env node
// Each remote is a project of its own that builds anywhere, so what they share is copied into each:
// the package @portico/contracts as a tarball, and a few small files. `sync.mjs` renews the copies from their
// originals; `sync.mjs --check` says which are stale and fails.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const REMOTES = join(dirname(fileURLToPath(import.meta.url)), "..");
const CONTRACTS = join(REMOTES, "..", "contracts", "npm");
const PROJECTS = ["chat", "echo", "fixtures", "insights", "org-admin", "todos"];
const TARBALL = join("vendor", "portico-contracts.tgz");

const EVENT_FILES = ["events", ...["offsets", "reply", "request", "signature", "turns"].flatMap((name) => [name, `${name}.test`])];

/** Where a file has its original, and who has a copy. */
const COPIES = [
  {
    from: "todos",
    to: ["chat", "echo", "insights", "org-admin"],
    files: ["build.mjs", "service/http.mjs", "service/token.mjs", "service/token.test.mjs"],
  },
  { from: "chat", to: ["echo", "insights", "org-admin"], files: ["src/kit.js", "src/kit.css"] },
  { from: "chat", to: ["todos"], files: ["src/kit.css"] },
  { from: "echo", to: ["chat"], files: EVENT_FILES.map((name) => `service/${name}.mjs`) },
  { from: "../docs", to: ["chat", "echo"], files: ["portico-signature.vectors.json"] },
  { from: "../style", to: ["../contracts/npm/bin/preview/browser"], files: ["tokens.css"] },
  { from: "todos", to: PROJECTS.filter((name) => name !== "todos"), files: [".npmrc"] },
];

const stale = process.argv.includes("--check") ? check() : sync();
for (const path of stale) console.error(`stale: remotes/${path}`);
if (stale.length > 0) {
  console.error("Run: node remotes/scripts/sync.mjs");
  process.exitCode = 1;
}

function check() {
  const files = copies().filter(({ original, copy }) => !same(original, copy)).map(({ copy }) => relative(REMOTES, copy));
  return [...files, ...staleTarballs()];
}

function sync() {
  for (const { original, copy } of copies()) cpSync(original, copy);
  if (staleTarballs().length === 0) return [];
  const folder = mkdtempSync(join(tmpdir(), "portico-contracts-"));
  execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: CONTRACTS });
  const [packed] = readdirSync(folder);
  renameSync(join(folder, packed), join(folder, "contracts.tgz"));
  for (const project of PROJECTS) {
    const root = join(REMOTES, project);
    mkdirSync(join(root, "vendor"), { recursive: true });
    cpSync(join(folder, "contracts.tgz"), join(root, TARBALL));
    // The lock file holds the tarball's hash.
    execFileSync("npm", ["install", "--package-lock-only", "--silent", "./" + TARBALL, "--save-dev"], { cwd: root });
    console.log(`renewed remotes/${project}/${TARBALL}`);
  }
  rmSync(folder, { recursive: true });
  return staleTarballs();
}

function copies() {
  return COPIES.flatMap(({ from, to, files }) => to.flatMap((project) =>
    files.map((file) => ({ original: join(REMOTES, from, file), copy: join(REMOTES, project, file) }))));
}

function same(left, right) {
  return existsSync(right) && readFileSync(left).equals(readFileSync(right));
}

/** Compares contents: the compressed bytes depend on the version of Node that packed them. */
function staleTarballs() {
  const [{ files }] = JSON.parse(execFileSync("npm", ["pack", "--dry-run", "--json", "--silent"], { cwd: CONTRACTS, encoding: "utf8" }));
  return PROJECTS.map((project) => join(project, TARBALL)).filter((path) => !holds(join(REMOTES, path), files.map((file) => file.path)));
}

function holds(tarball, files) {
  if (!existsSync(tarball)) return false;
  const folder = mkdtempSync(join(tmpdir(), "portico-contracts-"));
  try {
    execFileSync("tar", ["-xzf", tarball, "-C", folder]);
    const unpacked = readdirSync(join(folder, "package"), { recursive: true, withFileTypes: true }).filter((item) => item.isFile());
    return unpacked.length === files.length && files.every((file) => same(join(CONTRACTS, file), join(folder, "package", file)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
