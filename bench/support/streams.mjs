// Many event streams, read by a program of the workspace (server/stream/examples/subscribers): what ten thousand sockets cost in
// JavaScript would be measured with every event.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { LOAD_CORE } from "./process.mjs";

const PROGRAM = "target/release/examples/subscribers";

/**
 * Opens `count` streams, the nth as `target(n)` says: its URL and header fields. Every `data:` line that carries
 * `"at":<milliseconds since 1970>` counts as a delivery.
 */
export async function listen(target, count) {
  const subscribers = new Subscribers();
  await subscribers.ask({ open: streams(target, count) });
  return {
    /** Counts from now on; `arrived` tells how long events were under way, in milliseconds, once so many have come. */
    expect: async (number) => {
      await subscribers.ask({ expect: number });
      const arrived = subscribers.answer();
      // Whoever publishes meanwhile hears of it later.
      arrived.catch(() => {});
      return { arrived };
    },
    close: () => subscribers.end(),
  };
}

/**
 * Opens `count` streams at once, the nth as `target(n)` says, and waits until each has had the events 0 to `events` - 1.
 * Returns after how many milliseconds the last one had them, how many events never came or came again, over all streams, and how
 * many streams were refused.
 */
export async function resume(target, count, events) {
  const subscribers = new Subscribers();
  const result = await subscribers.ask({ resume: { ...streams(target, count), events } });
  subscribers.end();
  return result;
}

/** The moment, for an event's `at`: milliseconds since 1970. */
export function moment() {
  return performance.timeOrigin + performance.now();
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

function streams(target, count) {
  const targets = Array.from({ length: count }, (_, number) => target(number));
  return { address: new URL(targets[0].url).host, requests: targets.map(requestOf) };
}

/** The request that opens a stream. */
function requestOf({ url, headers }) {
  const { pathname, search, host } = new URL(url);
  const lines = Object.entries({ host, accept: "text/event-stream", ...headers }).map(([name, value]) => `${name}: ${value}`);
  return `GET ${pathname}${search} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
}

/** The program, which answers a line of JSON by another. */
class Subscribers {
  #child = spawn("taskset", ["-c", String(LOAD_CORE), PROGRAM], { stdio: ["pipe", "pipe", "inherit"] });
  #lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();

  ask(command) {
    this.#child.stdin.write(`${JSON.stringify(command)}\n`);
    return this.answer();
  }

  async answer() {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("the subscribers ended: what they said stands above");
    const answer = JSON.parse(value);
    if (answer?.error) throw new Error(answer.error);
    return answer;
  }

  end() {
    this.#child.kill();
  }
}
