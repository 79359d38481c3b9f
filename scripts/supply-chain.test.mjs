// Security case 80: what Portico is built from is known, comes from where it should, and has no known hole.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { readChecksums, sbom } from "./sbom.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

// Packages that may run a script when they are installed, and why.
const mayRunInstallScripts = new Set([
  "esbuild", // checks that the binary it chose for the platform runs
  "fsevents", // macOS only; file watching, compiled there
]);

test("case_80 licences, bans, sources and known vulnerabilities are clean", () => {
  const { status, stdout, stderr } = spawnSync(join(root, "scripts/check-dependencies"), { encoding: "utf8" });
  process.stdout.write(stdout);
  assert.equal(status, 0, stderr);
});

test("case_80 every crate comes from the registry with a checksum", () => {
  const lock = readFileSync(join(root, "Cargo.lock"), "utf8");
  const foreign = lock.split("[[package]]").filter((entry) => entry.includes("source = ") && !entry.includes("checksum = "));
  assert.deepEqual(foreign, []);
});

test("case_80 the SBOM names every linked crate with version, licence and checksum", () => {
  const { components, dependencies } = sbom();
  const checksums = readChecksums();
  for (const name of ["axum", "leptos", "rdkafka", "portico-app"]) {
    assert.ok(components.some((each) => each.name === name), `${name} is missing`);
  }
  for (const each of components) {
    const fromRegistry = checksums.has(`${each.name} ${each.version}`);
    assert.ok(each.licenses, `${each.purl} has no licence expression`);
    assert.equal(Boolean(each.hashes), fromRegistry, `${each.purl}: checksum`);
  }
  const known = new Set(components.map((each) => each["bom-ref"]));
  assert.ok(dependencies.every(({ ref, dependsOn }) => known.has(ref) && dependsOn.every((other) => known.has(other))));
});

test("case_80 npm packages are pinned by hash and run no script of their own on installation", () => {
  const lockFiles = execFileSync("git", ["ls-files", "*package-lock.json"], { cwd: root, encoding: "utf8" });
  for (const file of lockFiles.split("\n").filter(Boolean)) {
    const { packages } = JSON.parse(readFileSync(join(root, file), "utf8"));
    for (const [place, entry] of Object.entries(packages)) {
      if (place === "" || entry.link) continue;
      const name = place.slice(place.lastIndexOf("node_modules/") + "node_modules/".length);
      assert.ok(entry.integrity, `${file}: ${name} has no integrity`);
      assert.ok(!/^(git|https?):/.test(entry.resolved ?? ""), `${file}: ${name} names a host`);
      assert.ok(!entry.hasInstallScript || mayRunInstallScripts.has(name), `${file}: ${name} runs an install script`);
    }
  }
});
