// Checks the documentation: every relative link in a tracked Markdown file leads to a file (and heading) that is there,
// and every `make` target and script that it names exists.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], { cwd: root, encoding: "utf8" })
  .split("\n")
  .filter((file) => file && existsSync(join(root, file)));
const targets = new Set([...readFileSync(join(root, "Makefile"), "utf8").matchAll(/^([a-z]+):/gm)].map(([, name]) => name));

const problems = files.flatMap((file) => [...brokenLinks(file), ...unknownCommands(file)]);
for (const problem of problems) console.error(problem);
console.log(`${files.length} documents, ${problems.length} problems`);
process.exitCode = problems.length ? 1 : 0;

function brokenLinks(file) {
  const links = [...prose(file).matchAll(/!?\[[^\]]*\]\(<?([^)\s>]+)>?[^)]*\)/g)].map(([, target]) => target);
  return links
    .filter((target) => !/^[a-z][a-z0-9+.-]*:/i.test(target))
    .map((target) => complaint(file, target))
    .filter(Boolean);
}

function complaint(file, target) {
  const [path, anchor] = target.split("#");
  const place = path ? join(root, path.startsWith("/") ? path : join(dirname(file), path)) : join(root, file);
  if (!existsSync(place)) return `${file}: ${target} leads nowhere`;
  if (!anchor || statSync(place).isDirectory() || !place.endsWith(".md")) return undefined;
  return headings(place).has(anchor) ? undefined : `${file}: ${relative(root, place)} has no heading #${anchor}`;
}

// Anchors as Markdown renderers make them: lower case, spaces to hyphens, other punctuation dropped, repeats numbered.
function headings(place) {
  const seen = new Map();
  const anchors = new Set();
  for (const [, title] of readFileSync(place, "utf8").matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const slug = title.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-");
    const repeats = seen.get(slug) ?? 0;
    seen.set(slug, repeats + 1);
    anchors.add(repeats ? `${slug}-${repeats}` : slug);
  }
  return anchors;
}

function unknownCommands(file) {
  const text = readFileSync(join(root, file), "utf8");
  const made = [...text.matchAll(/(?:`|^\s*|\$ )make ([a-z]+)\b/gm)].map(([, name]) => name).filter((name) => !targets.has(name));
  const run = [...text.matchAll(/`(scripts\/[\w./-]+)/g)].map(([, path]) => path).filter((path) => !existsSync(join(root, path)));
  return [
    ...made.map((name) => `${file}: there is no \`make ${name}\``),
    ...run.map((path) => `${file}: ${path} does not exist`),
  ];
}

// The text without code, where brackets mean something else.
function prose(file) {
  return readFileSync(join(root, file), "utf8").replace(/^(```|~~~)[\s\S]*?^\1/gm, "").replace(/`[^`\n]*`/g, "");
}
