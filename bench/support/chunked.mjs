// The body of an HTTP/1.1 answer as it arrives: what a library does, without its cost for each of ten thousand streams.

const END_OF_HEAD = "\r\n\r\n";

/** Takes an answer's bytes and gives those of its body, without the lines of the chunked coding (RFC 9112, section 7.1). */
export class Chunked {
  #head = Buffer.alloc(0);
  #isChunked;
  /** What is left of the chunk that arrives; none where its size line is to come. */
  #left = 0;
  /** Of a size line that is not whole yet. */
  #line = "";

  /** The pieces of the body in these bytes. */
  read(bytes) {
    if (this.#isChunked === undefined) return this.#begin(bytes);
    if (!this.#isChunked) return [bytes];
    const pieces = [];
    for (let at = 0; at < bytes.length; ) {
      if (this.#left > 0) {
        const end = Math.min(bytes.length, at + this.#left);
        pieces.push(bytes.subarray(at, end));
        this.#left -= end - at;
        at = end;
        continue;
      }
      const end = bytes.indexOf(10, at);
      this.#line += bytes.latin1Slice(at, end < 0 ? bytes.length : end);
      at = end < 0 ? bytes.length : end + 1;
      if (end >= 0) {
        // The end of the chunk before is an empty line.
        this.#left = Number.parseInt(this.#line, 16) || 0;
        this.#line = "";
      }
    }
    return pieces;
  }

  #begin(bytes) {
    this.#head = Buffer.concat([this.#head, bytes]);
    const end = this.#head.indexOf(END_OF_HEAD);
    if (end < 0) return [];
    const head = this.#head.latin1Slice(0, end);
    if (!head.startsWith("HTTP/1.1 200")) throw new Error(`a stream was refused: ${head.split("\r\n")[0]}`);
    this.#isChunked = /^transfer-encoding: *chunked$/im.test(head);
    const rest = this.#head.subarray(end + END_OF_HEAD.length);
    this.#head = Buffer.alloc(0);
    return this.read(rest);
  }
}
