// Streams that come back all at once, each behind by the same events: what each gets is counted, event by event.
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Chunked } from "./chunked.mjs";
import { requestOf } from "./streams.mjs";

/** An event's number, as it stands in its data. */
const NUMBER = Buffer.from('"n":');
const [ZERO, NINE] = [48, 57];
/** Whoever has got nothing for this long gets nothing more, in milliseconds. */
const PATIENCE = 10_000;
/** Time for what comes twice, in milliseconds. */
const AFTERWARDS = 500;

/**
 * Opens `count` streams at once, the nth as `target(n)` says, and waits until each has had the events 0 to `events` - 1.
 * Returns after how many milliseconds the last one had them, and how many events never came or came again, over all streams.
 */
export async function resume(target, count, events) {
  const began = performance.now();
  const progress = { at: began, complete: 0, refused: 0 };
  const streams = Array.from({ length: count }, (_, number) => new Behind(target(number), events, progress));
  while (progress.complete < count && performance.now() - progress.at < PATIENCE) await sleep(1);
  const milliseconds = progress.at - began;
  await sleep(AFTERWARDS);
  streams.forEach((stream) => stream.close());
  const sum = (of) => streams.reduce((all, stream) => all + of(stream), 0);
  return { milliseconds, lost: count * events - sum((stream) => stream.arrived), doubled: sum((stream) => stream.doubled), refused: progress.refused };
}

/** One stream, and which events it has had. */
class Behind {
  arrived = 0;
  doubled = 0;
  #had;
  #progress;
  #socket;
  #body = new Chunked();
  #rest = Buffer.alloc(0);

  constructor({ url, headers }, events, progress) {
    this.#had = new Uint8Array(events);
    this.#progress = progress;
    const { hostname, port } = new URL(url);
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true }, () => this.#socket.write(requestOf(url, headers)));
    this.#socket.on("data", (chunk) => this.#read(chunk));
    this.#socket.on("error", () => (progress.refused += 1));
  }

  close() {
    this.#socket.destroy();
  }

  #read(chunk) {
    try {
      for (const piece of this.#body.read(chunk)) this.#numbers(this.#rest.length > 0 ? Buffer.concat([this.#rest, piece]) : piece);
      this.#progress.at = performance.now();
    } catch {
      this.#progress.refused += 1;
      this.close();
    }
  }

  #numbers(bytes) {
    let from = 0;
    for (let at = bytes.indexOf(NUMBER); at >= 0; at = bytes.indexOf(NUMBER, from)) {
      let end = at + NUMBER.length;
      let number = 0;
      while (end < bytes.length && bytes[end] >= ZERO && bytes[end] <= NINE) {
        number = number * 10 + bytes[end] - ZERO;
        end += 1;
      }
      if (end === bytes.length) {
        // Its last digits may be still to come.
        this.#rest = Buffer.from(bytes.subarray(at));
        return;
      }
      this.#took(number);
      from = end;
    }
    this.#rest = Buffer.from(bytes.subarray(Math.max(from, bytes.length - NUMBER.length)));
  }

  #took(number) {
    if (this.#had[number] !== 0) {
      this.doubled += 1;
      return;
    }
    this.#had[number] = 1;
    this.arrived += 1;
    if (this.arrived === this.#had.length) this.#progress.complete += 1;
  }
}
