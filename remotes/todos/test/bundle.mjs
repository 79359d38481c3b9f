import { build } from "esbuild";

/**
 * A TypeScript module, ready to test in Node.
 *
 * @param {string} path relative to the project
 */
export async function bundle(path) {
  const { outputFiles } = await build({ entryPoints: [path], bundle: true, format: "esm", write: false });
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
}
