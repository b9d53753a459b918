/**
 * Splits a stream of bytes into lines, with bounded memory and in linear time. `node:readline` holds a line without an
 * end as a whole, and reports the beginning of a line as a line if the stream ends within it.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  /** The beginning of a line that has not ended yet, and how much of the buffer it takes. */
  #held = Buffer.alloc(0);
  #length = 0;
  #over = false;

  /** @param maxBytes Limit for one line, without its end. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * The lines that end in this chunk, in order; `undefined` stands for a line over the limit. A line may be a view of the
   * chunk.
   */
  *push(chunk: Uint8Array): Generator<Uint8Array | undefined> {
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      yield this.#line(chunk.subarray(start, end));
      this.#length = 0;
      this.#over = false;
      start = end + 1;
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start));
  }

  /** The line that the stream ended in; `undefined` if it ended with the end of a line, or in a line over the limit. */
  rest(): Uint8Array | undefined {
    return this.#over || this.#length === 0 ? undefined : this.#held.subarray(0, this.#length);
  }

  #line(last: Uint8Array): Uint8Array | undefined {
    if (this.#length === 0 && !this.#over && last.length <= this.#maxBytes) return last;
    this.#hold(last);
    if (this.#over) return undefined;
    const line = this.#held.subarray(0, this.#length);
    this.#held = Buffer.alloc(0);
    return line;
  }

  #hold(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    this.#over ||= length > this.#maxBytes;
    if (this.#over) return;
    if (length > this.#held.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#held.length));
      this.#held.copy(larger, 0, 0, this.#length);
      this.#held = larger;
    }
    this.#held.set(piece, this.#length);
    this.#length = length;
  }
}
