// What the browser downloads before the shell is interactive, as the server sends it (Brotli): style sheet, boot module,
// glue and WASM. Beside it React alone, hydrating the same page without a router, remotes or events.
import { readFileSync } from "node:fs";
import { get } from "node:http";
import { brotliCompressSync } from "node:zlib";
import { startPortal } from "../support/portal.mjs";
import { row } from "../support/table.mjs";

/** Kilobytes of 1,000 bytes, as the budget counts. */
const BUDGET = 170;
const REACT = new URL("../peers/fastify-react/dist/browser.js", import.meta.url);

export default async function weight({ peers }) {
  const portal = await startPortal();
  const cookie = await portal.login();
  const html = await (await fetch(`${portal.origin}/`, { headers: { cookie } })).text();
  const urls = new Set(html.split("</head>")[0].match(/(?<=")\/pkg\/[^"]+(?=")/g));
  const files = await Promise.all([...urls].map(async (url) => ({ url, bytes: await transferred(portal.origin + url) })));
  await portal.stop();

  const kind = (url) => url.split(".").pop();
  const sum = files.reduce((total, { bytes }) => total + bytes, 0);
  const peer = peers ? { name: "React alone, no router", value: brotliCompressSync(readFileSync(REACT)).length / 1000 } : undefined;
  const name = ({ url }) => (url.includes("/boot.") ? "boot module" : { css: "style sheet", js: "glue", wasm: "WASM" }[kind(url)]);
  return [
    ...files.map((file) => row({ what: `first page, ${name(file)}`, unit: "KB", portico: file.bytes / 1000, better: "less" })),
    row({ what: "first page, all of it (Brotli)", unit: "KB", portico: sum / 1000, peer, better: "less", budget: BUDGET }),
  ];
}

/** The bytes of a body as they cross the network; `fetch` would count them unpacked. */
function transferred(url) {
  return new Promise((resolve, reject) => {
    get(url, { headers: { "accept-encoding": "br" } }, (response) => {
      let bytes = 0;
      response.on("data", (chunk) => { bytes += chunk.length; });
      response.on("end", () => (response.statusCode === 200 ? resolve(bytes) : reject(new Error(`${url}: ${response.statusCode}`))));
    }).on("error", reject);
  });
}
