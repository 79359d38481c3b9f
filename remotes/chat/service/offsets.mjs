/**
 * Which offsets may be committed while requests of one partition finish in any order: the first unfinished one.
 */
export class OffsetTracker {
  #partitions = new Map();
  #generation = 0;

  /** Requests begun and not finished. */
  pending = 0;

  /**
   * @param {string} topic
   * @param {number} partition
   * @param {string} offset decimal
   * @returns {() => void} call it when the request is finished
   */
  begin(topic, partition, offset) {
    const key = `${topic}\0${partition}`;
    const state = this.#partitions.get(key) ?? { topic, partition, open: new Set(), next: 0n, committed: -1n };
    this.#partitions.set(key, state);
    const number = BigInt(offset);
    const generation = this.#generation;
    state.open.add(number);
    state.next = number + 1n;
    this.pending += 1;
    return () => {
      this.pending -= 1;
      if (generation === this.#generation) state.open.delete(number);
    };
  }

  /**
   * What has become safe to commit since the last call.
   *
   * @returns {{ topic: string, partition: number, offset: string }[]}
   */
  take() {
    const ready = [];
    for (const state of this.#partitions.values()) {
      const [first = state.next] = state.open;
      if (first <= state.committed || first === 0n) continue;
      state.committed = first;
      ready.push({ topic: state.topic, partition: state.partition, offset: String(first) });
    }
    return ready;
  }

  /** Forgets everything: after a rebalance the partitions may be somebody else's. */
  clear() {
    this.#partitions.clear();
    this.#generation += 1;
  }
}
