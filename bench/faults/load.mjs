// Who publishes, and who listens.
import { setTimeout as sleep } from "node:timers/promises";
import { Ledger } from "./ledger.mjs";
import { Dice } from "./schedule.mjs";

const CLIENTS = 12;
const PUBLISHERS = 10;
/** The longest pause of a publisher between two events, in milliseconds. */
const PAUSE = 40;
/** As long as a chat message. */
const TEXT = "x".repeat(60);
/** A client that loses its stream waits so long at least and at most, in milliseconds. */
const BACK_AFTER = [20, 400];
/** Three of four streams are left by their client of its own accord, after so many events at most. */
const LEAVES_WITHIN = 400;
/** Nothing more is expected after so long without an event, in milliseconds. */
const QUIET = 10_000;
/** Time for what comes twice, in milliseconds. */
const AFTERWARDS = 1_000;
/** Numbers below this are no event's that is counted: by them every client finds its first place. */
const FIRST = 1_000_000;

/** Publishers and clients of one server, for one schedule. */
export class Load {
  ledger = new Ledger(CLIENTS);
  #server;
  #seed;
  #next = FIRST;
  #hurries = false;
  #publishing = true;
  #listening = true;
  #arrived = performance.now();
  #followers;
  #cuts = [];
  #makers = [];
  #listeners = [];

  constructor(server, seed) {
    this.#server = server;
    this.#seed = seed;
    this.#followers = Array.from({ length: CLIENTS }, (_, number) => server.follower(number));
  }

  /** Opens every stream, waits until each has a place to come back to, and begins to publish. */
  async begin() {
    this.#listeners = this.#followers.map((follower, number) => this.#listen(follower, number));
    for (let n = 0; !this.#followers.every((follower) => follower.hasPlace); n += 1) {
      if (n >= 100) throw new Error(`not every client of ${this.#server.name} gets events`);
      await this.#server.publish({ n }, crypto.randomUUID());
      await sleep(100);
    }
    this.#makers = Array.from({ length: PUBLISHERS }, (_, number) => this.#publish(new Dice(this.#seed * 1_000 + number)));
  }

  /** Waits for a moment when at least so many events are published and not acknowledged; how many they are. */
  async inFlight(least) {
    this.#hurries = true;
    const deadline = performance.now() + 30_000;
    while (this.ledger.inFlight < least) {
      if (performance.now() > deadline) throw new Error(`${least} events are never on their way`);
      await sleep(1);
    }
    this.#hurries = false;
    return this.ledger.inFlight;
  }

  /** Breaks every client's connection. */
  cut() {
    this.#cuts.forEach((controller) => controller.abort());
  }

  /** Lets what is under way be acknowledged and arrive; what came of it all. */
  async settle() {
    this.#publishing = false;
    await Promise.all(this.#makers);
    this.#arrived = performance.now();
    while (this.ledger.missing > 0 && performance.now() - this.#arrived < QUIET) await sleep(50);
    await sleep(AFTERWARDS);
    this.#listening = false;
    this.cut();
    await Promise.all(this.#listeners);
    return this.ledger.outcome();
  }

  async #publish(dice) {
    while (this.#publishing) {
      const n = this.#next;
      this.#next += 1;
      const id = crypto.randomUUID();
      this.ledger.sent(n);
      while (!(await this.#accepted({ n, text: TEXT }, id))) {
        await sleep(20 + dice.below(60));
        this.ledger.sent(n);
      }
      this.ledger.acknowledged(n);
      if (!this.#hurries) await sleep(dice.below(PAUSE));
    }
  }

  async #accepted(data, id) {
    try {
      await this.#server.publish(data, id);
      return true;
    } catch {
      return false;
    }
  }

  async #listen(follower, number) {
    const dice = new Dice(this.#seed * 1_000 + 500 + number);
    while (this.#listening) {
      const leaves = dice.below(4) === 0 ? Infinity : 1 + dice.below(LEAVES_WITHIN);
      this.#cuts[number] = new AbortController();
      // A stream that breaks, or is not to be had: the client comes back.
      await this.#read(follower, number, leaves, this.#cuts[number].signal).catch(() => {});
      await sleep(dice.between(...BACK_AFTER));
    }
  }

  async #read(follower, number, leaves, signal) {
    const { url, headers } = follower.request();
    const response = await fetch(url, { headers: { accept: "text/event-stream", ...headers }, signal });
    if (!response.ok) {
      await response.body.cancel();
      return;
    }
    this.ledger.opened(number);
    if (follower.opened(response)) this.ledger.told(number);
    let count = 0;
    for await (const message of messages(response.body)) {
      const { events, told } = follower.took(message);
      if (told) this.ledger.told(number);
      for (const event of events.filter((event) => event >= FIRST)) this.ledger.received(number, event);
      if (events.length > 0) this.#arrived = performance.now();
      count += events.length;
      if (count >= leaves) return;
    }
  }
}

/** Server-sent events (HTML, section 9.2.6), as far as these servers use them. */
async function* messages(body) {
  let text = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + chunk).replaceAll("\r\n", "\n").split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const message = { id: "", kind: "message", data: "" };
      for (const line of block.split("\n")) {
        const [, field, value] = /^(\w*): ?(.*)$/.exec(line) ?? [];
        if (field === "id") message.id = value;
        if (field === "event") message.kind = value;
        if (field === "data") message.data += value;
      }
      yield message;
    }
  }
}
