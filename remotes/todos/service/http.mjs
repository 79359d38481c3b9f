// The HTTP side of a small service: routing is the service's own, everything around it is here.
// Shared by copy between the example services (remotes/scripts/sync.mjs keeps them in step).
import { createServer } from "node:http";

/** Bytes of JSON that a request may carry; the examples' largest is a few hundred. */
const BODY_LIMIT = 64 * 1024;

/** A refusal as `application/problem+json` (RFC 9457). Throw it from a handler. */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {string} title the kind in words
   * @param {string} detail what was wrong and what to do
   * @param {Record<string, string>} [headers]
   */
  constructor(status, title, detail, headers = {}) {
    super(detail);
    Object.assign(this, { status, title, detail, headers });
  }
}

/**
 * Listens on loopback and prints one line when ready; stops accepting on SIGTERM or SIGINT.
 *
 * @param {string} name printed
 * @param {number} port
 * @param {(request: Request) => Promise<Reply>} handle throws `Problem` to refuse
 * @param {() => Promise<void>} [stop] run before the process ends
 */
export function serve(name, port, handle, stop = async () => {}) {
  const server = createServer(listener(handle));
  // A stalled client must not keep a socket for ever.
  server.requestTimeout = 15_000;
  server.headersTimeout = 10_000;
  // Longer than the portal keeps an idle connection, so that it never sends a call into one that is just closing.
  server.keepAliveTimeout = 75_000;
  server.on("error", (error) => {
    console.error(`${name}: ${error.message}`);
    process.exit(1);
  });
  server.listen(port, "127.0.0.1", () => console.log(`${name} ready on http://127.0.0.1:${port}`));
  for (const signal of ["SIGTERM", "SIGINT"]) {
    process.once(signal, () => {
      setTimeout(() => process.exit(0), 3_000).unref();
      server.closeAllConnections();
      server.close();
      stop().finally(() => process.exit(0));
    });
  }
  return server;
}

/**
 * @typedef {{ method: string, url: URL, headers: import("node:http").IncomingHttpHeaders, json(): Promise<any> }} Request
 * @typedef {{ status: number, body?: unknown, headers?: Record<string, string> }} Reply
 * @param {(request: Request) => Promise<Reply>} handle
 */
export function listener(handle) {
  return async (incoming, outgoing) => {
    const answer = await reply(incoming, handle);
    const headers = { "cache-control": "no-store", ...answer.headers };
    if (answer.body === undefined) return outgoing.writeHead(answer.status, headers).end();
    const type = answer.status >= 400 ? "application/problem+json" : "application/json";
    const text = JSON.stringify(answer.body);
    const content = { "content-type": type, "content-length": Buffer.byteLength(text) };
    return outgoing.writeHead(answer.status, { ...content, ...headers }).end(text);
  };
}

async function reply(incoming, handle) {
  try {
    const url = new URL(incoming.url, "http://service.invalid");
    if (url.pathname === "/healthz") return { status: 200, body: { status: "ok" } };
    return await handle({ method: incoming.method, url, headers: incoming.headers, json: () => readJson(incoming) });
  } catch (error) {
    return problemReply(error, incoming);
  }
}

function problemReply(error, incoming) {
  const expected = error instanceof Problem;
  if (!expected) console.error(error);
  const traceId = /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(incoming.headers.traceparent ?? "")?.[1];
  const { status, title, detail, headers } = expected
    ? error
    : { status: 500, title: "Internal error", detail: "The service failed to answer. Try again.", headers: {} };
  const kind = `/problems/${title.toLowerCase().replace(/[^a-z]+/g, "-")}`;
  return { status, headers, body: { type: kind, title, status, detail, instance: incoming.url, traceId } };
}

async function readJson(incoming) {
  const chunks = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += chunk.length;
    if (size > BODY_LIMIT) throw new Problem(413, "Too large", `The body may have at most ${BODY_LIMIT} bytes.`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new Problem(400, "Not JSON", "The body has to be JSON.");
  }
}
