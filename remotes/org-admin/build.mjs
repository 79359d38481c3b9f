// Builds src/index.* into dist/ with content-hashed names; portico-manifest then writes dist/remote.json.
// Shared by copy between the example remotes (remotes/scripts/sync.mjs keeps the copies in step).
import { existsSync, readdirSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { build, transform } from "esbuild";

/** Found by convention: the module that exports the mounts, and style sheets that the manifest lists. */
const ENTRIES = ["src/index.ts", "src/index.js", "src/page.css"].filter(existsSync);

const { metafile } = await build({
  entryPoints: ENTRIES,
  outdir: "dist",
  entryNames: "[name].[hash]",
  chunkNames: "chunk.[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  logLevel: "warning",
  metafile: true,
  plugins: [cssText()],
});

// Only now, since what does not build must not take away what is being served.
const current = new Set([...Object.keys(metafile.outputs).map((path) => basename(path)), "remote.json"]);
for (const name of readdirSync("dist")) {
  if (!current.has(name)) rmSync(join("dist", name), { recursive: true });
}

/** `import css from "./page.css?text"`: minified text for a constructable style sheet. */
function cssText() {
  return {
    name: "css-text",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /\.css\?text$/ }, ({ path, importer }) => ({
        // Relative, or the folder's name would get into the hash and the same source build to different files.
        path: relative(process.cwd(), join(dirname(importer), path.replace("?text", ""))),
        namespace: "css-text",
      }));
      onLoad({ filter: /.*/, namespace: "css-text" }, async ({ path }) => {
        const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true, target: "es2022" });
        return { contents: code, loader: "text" };
      });
    },
  };
}
