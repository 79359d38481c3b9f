// Both halves in production form: React's development build is several times slower, and would be no fair peer.
import { build } from "esbuild";

const common = { bundle: true, format: "esm", minify: true, jsx: "automatic", define: { "process.env.NODE_ENV": '"production"' } };
await build({ ...common, entryPoints: ["src/server.jsx"], outfile: "dist/server.js", platform: "node", packages: "external" });
await build({ ...common, entryPoints: ["src/browser.jsx"], outfile: "dist/browser.js" });
