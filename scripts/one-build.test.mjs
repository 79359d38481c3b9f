// The release build, the tests and clippy share one compilation of every crate, as long as cargo resolves the same
// features for each of them. A dependency that only a test has can widen a feature set and so have half the tree compiled
// twice; this names it. The remedy is to ask for the feature in [workspace.dependencies] as well.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { dirname } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Feature lists by crate, as a command with these arguments would compile them. */
function features(...args) {
  const format = ["--no-default-features", "--locked", "--prefix", "none", "--no-dedupe", "--format", "{p}|{f}"];
  const lines = execFileSync("cargo", ["tree", ...args, ...format], { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  const found = new Map();
  for (const line of lines.split("\n").filter(Boolean)) {
    const [crate, list] = line.split("|");
    const name = crate.split(" ").slice(0, 2).join(" ");
    found.set(name, (found.get(name) ?? new Set()).add(list));
  }
  return found;
}

test("the tests compile every crate with the features of the release build", () => {
  const build = features("--package", "portico", "--edges", "normal,build");
  const tests = features("--workspace", "--exclude", "portico-frontend", "--edges", "normal,build,dev");
  const sorted = (lists) => [...lists].sort().join(" / ");
  const differing = [...build]
    .filter(([crate, lists]) => sorted(lists) !== sorted(tests.get(crate) ?? []))
    .map(([crate, lists]) => `${crate}: ${sorted(lists)} in the build, ${sorted(tests.get(crate) ?? [])} in the tests`);
  assert.deepEqual(differing, []);
});
