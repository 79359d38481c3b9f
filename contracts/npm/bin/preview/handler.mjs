import { readFile } from "node:fs/promises";
import { extname, join, normalize, sep } from "node:path";
import { previewPage } from "./page.mjs";
import { passOn } from "./pass-on.mjs";
import { answerView, viewOf } from "./view.mjs";

const TYPES = { ".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".json": "application/json", ".svg": "image/svg+xml" };
/** As strict as the portal's, so that what it would refuse is seen here. */
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'";
const BROWSER = new URL("./browser/", import.meta.url);

/** @param {{ manifestPath: string, dist: string, issuer: import("./issuer.mjs").Issuer, events: import("./events.mjs").EventDesk }} parts */
export function previewHandler(parts) {
  return async (request, response) => {
    try {
      await answer(parts, request, response);
    } catch (error) {
      console.error(error.message);
      if (!response.headersSent) response.writeHead(error.code === "ENOENT" ? 404 : 502);
      response.end();
    }
  };
}

async function answer({ manifestPath, dist, issuer, events }, request, response) {
  const url = new URL(request.url, issuer.url);
  const manifest = JSON.parse(await readFile(manifestPath, "utf8"));
  const orgId = url.searchParams.get("organization") ?? request.headers["x-portico-org"] ?? "acme";
  const json = (value) => response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
  const { pathname } = url;

  if (pathname === "/") return page(manifest, url, response);
  if (pathname === "/.well-known/openid-configuration") return json(issuer.metadata());
  if (pathname === "/preview/jwks") return json(issuer.jwks());
  if (pathname === "/preview/manifest") return json(manifest);
  if (pathname === "/preview/token") return json(issuer.token(manifest.backend, orgId));
  if (pathname === "/preview/stream") return events.open(response);
  if (pathname === "/preview/publish") return json(events.publish(JSON.parse(await text(request))));
  if (pathname.startsWith("/bff/")) {
    const token = issuer.token(manifest.backend, orgId).accessToken;
    const found = viewOf(manifest.backend, request.method, pathname.replace(/^\/bff\/[^/]+/, ""));
    if (found === undefined) return passOn(request, response, manifest.backend, token);
    const { status, body } = await answerView(found, url.searchParams, manifest.backend, token);
    return response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  }
  if (pathname.startsWith("/dist/")) return file(join(dist, below(pathname, "/dist/")), response);
  if (pathname.startsWith("/preview/browser/")) return file(new URL(below(pathname, "/preview/browser/"), BROWSER), response);
  response.writeHead(404).end();
}

function page(manifest, url, response) {
  const connect = ["'self'", ...(manifest.security?.csp?.["connect-src"] ?? [])].join(" ");
  response.writeHead(200, { "content-type": "text/html; charset=utf-8", "content-security-policy": `${CSP}; connect-src ${connect}` });
  response.end(previewPage(manifest, url.searchParams));
}

/** The path under a prefix, which cannot climb out of it. */
function below(pathname, prefix) {
  return normalize(`${sep}${decodeURIComponent(pathname.slice(prefix.length))}`).slice(1);
}

async function file(path, response) {
  const type = TYPES[extname(String(path))] ?? "application/octet-stream";
  const content = await readFile(path);
  response.writeHead(200, { "content-type": type, "cache-control": "no-store" }).end(content);
}

async function text(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
