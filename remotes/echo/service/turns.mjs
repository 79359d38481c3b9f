/** Runs tasks of one key one after another, and tasks of different keys at the same time. */
export class Turns {
  #last = new Map();

  /**
   * @template T
   * @param {string} key
   * @param {() => Promise<T>} task must not reject
   * @returns {Promise<T>}
   */
  run(key, task) {
    const turn = (this.#last.get(key) ?? Promise.resolve()).then(task);
    this.#last.set(key, turn);
    return turn.finally(() => {
      if (this.#last.get(key) === turn) this.#last.delete(key);
    });
  }
}
