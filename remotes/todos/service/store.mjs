import { randomUUID } from "node:crypto";
import { seedFor } from "./seed.mjs";

/** Items one organization may hold, so that a script in a loop does not eat the machine. */
const LIMIT = 1_000;

/** Lists in memory, one per organization, filled with believable items on first use. */
export class TodoStore {
  #lists = new Map();

  /** @param {() => Date} [now] */
  constructor(now = () => new Date()) {
    this.now = now;
  }

  /**
   * @param {string} orgId
   * @returns {TodoList}
   */
  of(orgId) {
    let list = this.#lists.get(orgId);
    if (list === undefined) {
      list = new TodoList(this.now, seedFor(orgId, this.now()));
      this.#lists.set(orgId, list);
    }
    return list;
  }
}

/** @typedef {{ id: string, title: string, done: boolean, due: string | null, createdAt: string }} Todo */

class TodoList {
  #items = new Map();

  constructor(now, seed) {
    this.now = now;
    for (const { title, due, done } of seed) this.add({ title, due, done });
  }

  /** @returns {Todo[]} in the order they were added */
  all() {
    return [...this.#items.values()];
  }

  /** @returns {Todo | undefined} */
  get(id) {
    return this.#items.get(id);
  }

  /** Drops the oldest finished item, or else the oldest, when the list is full. */
  add({ title, due = null, done = false }) {
    if (this.#items.size >= LIMIT) {
      const victim = this.all().find((item) => item.done) ?? this.all()[0];
      this.#items.delete(victim.id);
    }
    const todo = { id: randomUUID(), title, done, due, createdAt: this.now().toISOString() };
    this.#items.set(todo.id, todo);
    return todo;
  }

  /** @returns {Todo | undefined} */
  change(id, change) {
    const todo = this.#items.get(id);
    if (todo === undefined) return undefined;
    const changed = { ...todo, ...change };
    this.#items.set(id, changed);
    return changed;
  }

  /** @returns {boolean} whether it was there */
  remove(id) {
    return this.#items.delete(id);
  }
}
