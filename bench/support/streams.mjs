// Many event streams over raw sockets: an HTTP client's own work would be measured with every event.
import { connect } from "node:net";

/** How many connect at once; all of them together would overflow an accept queue, which is not measured here. */
const BATCH = 50;

/** The request that opens a stream. */
export function requestOf(url, headers) {
  const { pathname, search, host } = new URL(url);
  const lines = Object.entries({ host, accept: "text/event-stream", ...headers }).map(([name, value]) => `${name}: ${value}`);
  return `GET ${pathname}${search} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
}

/**
 * Opens `count` streams, the nth as `target(n)` says: its URL and header fields. Every `data:` line that carries
 * `"at":<milliseconds>` counts as a delivery.
 */
export async function listen(target, count) {
  const deliveries = new Deliveries();
  const sockets = [];
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(BATCH, count - sockets.length) }, (_, number) => open(target(sockets.length + number), deliveries));
    sockets.push(...(await Promise.all(batch)));
  }
  return {
    expect: (number) => deliveries.expect(number),
    close: () => sockets.forEach((socket) => socket.destroy()),
  };
}

/**
 * Opens one stream, has something published by `act`, and returns the stream's text once `position` finds in it where a client would
 * go on: what that returns.
 */
export async function positionAfter(target, act, position) {
  const answer = await fetch(target.url, { headers: { accept: "text/event-stream", ...target.headers }, signal: AbortSignal.timeout(30_000) });
  if (!answer.ok) throw new Error(`${target.url} answered ${answer.status}`);
  const acted = act();
  let text = "";
  for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const found = position(text);
    if (found !== undefined) {
      await acted;
      return found;
    }
  }
  throw new Error(`${target.url} ended before an event arrived`);
}

function open({ url, headers }, deliveries) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true }, () => socket.write(requestOf(url, headers)));
    let rest = "";
    let isOpen = false;
    socket.setEncoding("latin1");
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      if (!isOpen) {
        isOpen = true;
        if (chunk.startsWith("HTTP/1.1 200")) resolve(socket);
        else reject(new Error(`a stream was refused: ${chunk.split("\r\n")[0]}`));
      }
      rest = deliveries.read(rest + chunk);
    });
    socket.on("close", () => deliveries.lost());
  });
}

/** How long events were under way, in milliseconds. */
class Deliveries {
  #latencies = new Float64Array(0);
  #count = 0;
  #settle = { resolve() {}, reject() {} };

  /** Resolves to the latencies once so many have arrived; rejects when they do not within half a minute. */
  expect(number) {
    this.#latencies = new Float64Array(number);
    this.#count = 0;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${this.#count} of ${number} deliveries arrived`)), 30_000);
      this.#settle = { resolve: () => { clearTimeout(late); resolve(this.#latencies); }, reject };
    });
  }

  /** Takes every whole line out of the text and returns what is left. */
  read(text) {
    const now = performance.now();
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      const at = text.startsWith("data:", from) ? text.indexOf('"at":', from) : -1;
      if (at >= 0 && at < end) this.#arrived(now - Number.parseFloat(text.slice(at + 5, at + 25)));
      from = end + 1;
    }
    return text.slice(from);
  }

  lost() {
    if (this.#count < this.#latencies.length) this.#settle.reject(new Error("a stream ended early"));
  }

  #arrived(latency) {
    if (this.#count >= this.#latencies.length) return;
    this.#latencies[this.#count] = latency;
    this.#count += 1;
    if (this.#count === this.#latencies.length) this.#settle.resolve();
  }
}
