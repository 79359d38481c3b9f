// The software bill of materials of what is shipped: a CycloneDX 1.6 document on standard output.
//   node scripts/sbom.mjs > sbom.json
// It holds every crate that the server and the browser's half link, with version, licence, checksum and relations;
// crates that only tests use are left out. The same lock file gives the same document, byte for byte.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const shipped = ["portico", "portico-frontend"];

/** The document as an object. Throws where `cargo metadata` fails, for example on a stale lock file. */
export function sbom() {
  const metadata = readMetadata();
  const packages = new Map(metadata.packages.map((each) => [each.id, each]));
  const nodes = new Map(metadata.resolve.nodes.map((each) => [each.id, each]));
  const roots = metadata.workspace_members.filter((id) => shipped.includes(packages.get(id).name));
  const linked = reach(roots, (id) => linkedBy(nodes.get(id)));
  const checksums = readChecksums();
  const byRef = (a, b) => (a < b ? -1 : 1);
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component: { type: "application", name: "portico", version: packages.get(roots[0]).version } },
    components: [...linked].map((id) => component(packages.get(id), checksums)).sort((a, b) => byRef(a.purl, b.purl)),
    dependencies: [...linked]
      .map((id) => ({
        ref: purl(packages.get(id)),
        dependsOn: linkedBy(nodes.get(id)).map((other) => purl(packages.get(other))).sort(),
      }))
      .sort((a, b) => byRef(a.ref, b.ref)),
  };
}

function component(crate, checksums) {
  const checksum = checksums.get(`${crate.name} ${crate.version}`);
  return {
    "bom-ref": purl(crate),
    type: "library",
    name: crate.name,
    version: crate.version,
    purl: purl(crate),
    ...(crate.license && { licenses: [{ expression: crate.license.replaceAll("/", " OR ") }] }),
    ...(checksum && { hashes: [{ alg: "SHA-256", content: checksum }] }),
  };
}

const purl = ({ name, version }) => `pkg:cargo/${name}@${version}`;

const linkedBy = (node) =>
  node.deps.filter((dep) => dep.dep_kinds.some(({ kind }) => kind !== "dev")).map((dep) => dep.pkg);

function reach(from, next) {
  const seen = new Set(from);
  for (const id of seen) for (const other of next(id)) seen.add(other);
  return seen;
}

function readMetadata() {
  const args = ["metadata", "--format-version", "1", "--locked"];
  return JSON.parse(execFileSync("cargo", args, { cwd: root, maxBuffer: 1 << 28 }));
}

/** Lock file checksums by `name version`; `cargo metadata` does not carry them. */
export function readChecksums() {
  const lock = readFileSync(join(root, "Cargo.lock"), "utf8");
  const entry = /name = "(.+)"\nversion = "(.+)"\nsource = ".+"\nchecksum = "(.+)"/g;
  return new Map([...lock.matchAll(entry)].map(([, name, version, checksum]) => [`${name} ${version}`, checksum]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(`${JSON.stringify(sbom(), null, 2)}\n`);
