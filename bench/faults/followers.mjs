// How a client of each server keeps its place, and by what it is told that it has lost it.

/**
 * @typedef {{
 *   request: () => {url: string, headers: object},
 *   opened: (response: Response) => boolean,
 *   took: (event: {id: string, kind: string, data: string}) => {events: number[], told: boolean},
 *   hasPlace: boolean,
 * }} Follower what it asks for, whether the answer's head says that events are missing, and what one message of the stream brings
 */

/** By the `Last-Event-ID` that server-sent events have for it. `isGap` tells it from a message, `isOther` from an answer's head. */
class ByLastEventId {
  #id = "";
  #way;
  #number;
  #isGap;
  #isOther;

  constructor(way, number, { isGap = () => false, isOther = () => false } = {}) {
    this.#way = way;
    this.#number = number;
    this.#isGap = isGap;
    this.#isOther = isOther;
  }

  get hasPlace() {
    return this.#id !== "";
  }

  request() {
    return this.hasPlace ? this.#way.from(this.#id)(this.#number) : this.#way.target(this.#number);
  }

  opened(response) {
    return this.hasPlace && this.#isOther(response, this.#id);
  }

  took({ id, kind, data }) {
    if (id) this.#id = id;
    const number = data && JSON.parse(data).data?.n;
    return { events: number === undefined ? [] : [number], told: this.#isGap(kind) };
  }
}

/** The portal says `reset` where events may be missing. One that it cuts for being slow (`lagged`) resumes. */
export const ofPortal = (way, number) => new ByLastEventId(way, number, { isGap: (kind) => kind === "reset" });

/** Mercure answers with the id that it begins after: another one than was asked for where it does not have that. */
export const ofMercure = (way, number) => new ByLastEventId(way, number, { isOther: (response, id) => response.headers.get("last-event-id") !== id });

/** Nchan has no way to say it. */
export const ofNchan = (way, number) => new ByLastEventId(way, number);

/** Centrifugo's streams have epochs and offsets, and its answer says whether it could recover everything. */
class ByOffset {
  #place;
  #way;
  #number;

  constructor(way, number) {
    this.#way = way;
    this.#number = number;
  }

  get hasPlace() {
    return this.#place !== undefined;
  }

  request() {
    return this.hasPlace ? this.#way.from(this.#place)(this.#number) : this.#way.target(this.#number);
  }

  opened() {
    return false;
  }

  took({ data }) {
    const { connect, pub } = JSON.parse(data || "{}");
    if (connect) return this.#connected(connect.subs.bench);
    if (!pub) return { events: [], told: false };
    this.#place.offset = pub.offset;
    return { events: [numberOf(pub)], told: false };
  }

  #connected({ epoch, offset = 0, recovered = false, publications = [] }) {
    const told = this.hasPlace && !recovered;
    // With what was recovered, `offset` is what was asked for.
    this.#place = { epoch, offset: publications.at(-1)?.offset ?? offset };
    return { events: publications.map(numberOf), told };
  }
}

const numberOf = ({ data }) => data.data.n;

export const ofCentrifugo = (way, number) => new ByOffset(way, number);
