// What was acknowledged, and what every client got. Events have numbers, and so have clients.

/** The books of one schedule. */
export class Ledger {
  #sent = new Map();
  #underWay = new Set();
  #acknowledged = 0;
  #clients;

  constructor(clients) {
    this.#clients = Array.from({ length: clients }, () => ({ came: new Map(), missing: new Map(), opened: 0, told: 0, lastTold: -1 }));
  }

  /** An event goes on its way, perhaps once more. */
  sent(event) {
    this.#sent.set(event, (this.#sent.get(event) ?? 0) + 1);
    this.#underWay.add(event);
  }

  /** It is acknowledged: from now on it may not be lost. */
  acknowledged(event) {
    this.#underWay.delete(event);
    this.#acknowledged += 1;
    for (const { came, missing } of this.#clients) if (!came.has(event)) missing.set(event, performance.now());
  }

  /** A client has a stream. */
  opened(client) {
    this.#clients[client].opened += 1;
  }

  /** A client was told that events may be missing before this moment. */
  told(client) {
    const account = this.#clients[client];
    account.told += 1;
    account.lastTold = performance.now();
  }

  received(client, event) {
    const { came, missing } = this.#clients[client];
    came.set(event, (came.get(event) ?? 0) + 1);
    missing.delete(event);
  }

  /** How many events are published and not acknowledged. */
  get inFlight() {
    return this.#underWay.size;
  }

  /** How many deliveries of acknowledged events are still to come. */
  get missing() {
    return this.#sum(({ missing }) => missing.size);
  }

  /**
   * What came of it. What was sent more than once may be produced more than once: repeats of that are counted apart from what came
   * twice though it was sent once.
   */
  outcome() {
    const again = (of) => this.#sum(({ came }) => [...came].filter(([event]) => of(this.#sent.get(event) ?? 1)).reduce((sum, [, times]) => sum + times - 1, 0));
    return {
      acknowledged: this.#acknowledged,
      sentAgain: [...this.#sent.values()].reduce((sum, times) => sum + times - 1, 0),
      streams: this.#sum(({ opened }) => opened),
      received: this.#sum(({ came }) => came.size),
      lost: this.missing,
      unsignalled: this.#sum(({ missing, lastTold }) => [...missing.values()].filter((since) => since > lastTold).length),
      doubled: again((times) => times === 1),
      repeats: again((times) => times > 1),
      told: this.#sum(({ told }) => told),
    };
  }

  #sum(of) {
    return this.#clients.reduce((sum, client) => sum + of(client), 0);
  }
}
