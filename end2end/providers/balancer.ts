import { createServer, type IncomingMessage, request as ask, type ServerResponse } from "node:http";
import { pipeline } from "node:stream";

/** The header that says which instance answered: its place in the list, from zero. */
export const SERVED_BY = "x-served-by";

/** Headers about one connection, which do not travel on (RFC 9110, section 7.6.1). */
const HOP_BY_HOP = ["connection", "keep-alive", "proxy-connection", "te", "upgrade"];

/**
 * A load balancer without any stickiness in front of `ports`: requests take turns, and a stream goes where fewer are
 * open. There is one round for each kind of request (`Sec-Fetch-Dest`), so that it does not depend on how many files a
 * page has where the next page comes from. The function returned ends it.
 */
export async function startBalancer(port: number, ports: number[]): Promise<() => Promise<void>> {
  const rounds = new Rounds(ports.length);
  const server = createServer((request, response) => {
    const isStream = new URL(request.url ?? "/", "http://localhost").pathname === "/stream";
    const instance = isStream ? rounds.quietest() : rounds.next(String(request.headers["sec-fetch-dest"] ?? "other"));
    if (isStream) {
      rounds.opened(instance);
      response.once("close", () => rounds.closed(instance));
    }
    pass(request, response, instance, ports[instance]!);
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
}

/** Whose turn it is. */
class Rounds {
  readonly #turns = new Map<string, number>();
  readonly #streams: number[];

  constructor(readonly instances: number) {
    this.#streams = Array.from({ length: instances }, () => 0);
  }

  next(kind: string): number {
    const turn = this.#turns.get(kind) ?? 0;
    this.#turns.set(kind, (turn + 1) % this.instances);
    return turn;
  }

  quietest(): number {
    return this.#streams.indexOf(Math.min(...this.#streams));
  }

  opened(instance: number): void {
    this.#streams[instance]! += 1;
  }

  closed(instance: number): void {
    this.#streams[instance]! -= 1;
  }
}

/** Hands a request on and its answer back, each byte as it comes. */
function pass(request: IncomingMessage, response: ServerResponse, instance: number, port: number): void {
  const headers = { ...endToEnd(request.headers), "x-forwarded-for": request.socket.remoteAddress };
  // A connection for each request: none that an instance has just closed is ever used again.
  const upstream = ask({ host: "127.0.0.1", port, method: request.method, path: request.url, headers, agent: false }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, { ...endToEnd(answer.headers), [SERVED_BY]: String(instance) });
    response.flushHeaders();
    pipeline(answer, response, () => {});
  });
  upstream.once("error", () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
  response.once("close", () => upstream.destroy());
  request.pipe(upstream);
}

function endToEnd(headers: IncomingMessage["headers"]): IncomingMessage["headers"] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name)));
}
