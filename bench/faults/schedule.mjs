// Which faults happen, and when: all of it follows from a seed.

export const FAULTS = {
  /** SIGKILL to the server and all that belongs to it; it starts again after a while. */
  killed: "killed",
  /** SIGSTOP, and SIGCONT after four seconds. */
  stalled: "stalled",
  /** Ended in order (SIGTERM) and started again. */
  restarted: "restarted",
  /** Every client's connection breaks at once. */
  cut: "clients cut",
};

const STALL = 4_000;

/** Every fault once and SIGKILL twice, in an order and at moments of chance: what happens, and milliseconds before it and that it lasts. */
export function schedule(seed) {
  const dice = new Dice(seed);
  const faults = dice.shuffled([...Object.values(FAULTS), FAULTS.killed]);
  return faults.map((fault) => ({ fault, after: dice.between(500, 2_500), lasts: fault === FAULTS.stalled ? STALL : dice.between(200, 2_500) }));
}

/** Numbers that follow from a seed (Mulberry32). */
export class Dice {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** A whole number below `end`. */
  below(end) {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end);
  }

  between(start, end) {
    return start + this.below(end - start);
  }

  shuffled(items) {
    const rest = [...items];
    return items.map(() => rest.splice(this.below(rest.length), 1)[0]);
  }
}
