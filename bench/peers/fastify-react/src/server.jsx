// `node dist/server.js PORT STATE SESSIONS UPSTREAM`: the home page and a proxy for whoever has one of the sessions, as a Fastify
// application does them: the session in a Map, the page by renderToString, calls by @fastify/http-proxy with a token.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import proxy from "@fastify/http-proxy";
import Fastify from "fastify";
import { renderToString } from "react-dom/server";
import { Page } from "./page.jsx";

const [port, stateFile, sessionIds, upstream] = process.argv.slice(2);
const { state, sprite, assets } = JSON.parse(readFileSync(stateFile, "utf8"));
const sessions = new Map(sessionIds.split(",").map((id) => [id, { state, token: `ey.${"x".repeat(700)}` }]));

const app = Fastify({ logger: false });

app.addHook("onRequest", async (request, reply) => {
  if (request.url === "/healthz") return;
  request.session = sessions.get(/(?:^|; )__Host-portico=([^;]+)/.exec(request.headers.cookie ?? "")?.[1]);
  if (!request.session) reply.code(401).send({ title: "You are signed out" });
});

app.get("/healthz", () => ({ status: "ok" }));

app.get("/", (request, reply) => {
  const nonce = randomBytes(16).toString("base64url");
  reply
    .type("text/html; charset=utf-8")
    .header("cache-control", "private, no-store")
    .header("content-security-policy", `default-src 'none'; script-src 'self' 'nonce-${nonce}' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-ancestors 'none'`)
    .header("x-content-type-options", "nosniff")
    .header("referrer-policy", "same-origin");
  return html(request.session.state, nonce);
});

app.register(proxy, {
  upstream,
  prefix: "/bff/bench.remote-1",
  replyOptions: {
    rewriteRequestHeaders: (request, { cookie, ...headers }) => ({ ...headers, authorization: `Bearer ${request.session.token}` }),
  },
});

function html(shell, nonce) {
  const cards = shell.applications.filter((application) => application.cards.length > 0);
  const integrity = { ...assets, ...Object.fromEntries(cards.map((remote) => [remote.entry, remote.integrity])) };
  return (
    `<!DOCTYPE html><html lang="en" dir="ltr" data-theme="system"><head><meta charset="utf-8">` +
    `<meta name="viewport" content="width=device-width, initial-scale=1"><title>Home · Portico</title>` +
    `<link rel="stylesheet" href="/pkg/portico.css"><script type="importmap" nonce="${nonce}">` +
    `${inert({ imports: {}, integrity })}</script><script type="application/json" id="portico-state">${inert(shell)}</script>` +
    `<script type="module" src="/pkg/boot.js"></script></head><body>${renderToString(<Page state={shell} />)}${sprite}</body></html>`
  );
}

const inert = (value) => JSON.stringify(value).replaceAll("<", "\\u003c");

await app.listen({ host: "127.0.0.1", port: Number(port) });
