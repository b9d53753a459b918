/** Bytes of output per command that a result keeps. */
const tailBytes = 16 * 1024;

/** Keeps only the last bytes of a stream, in order of arrival. */
export class Tail {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #length = 0;
  #cut = false;

  constructor(limit: number = tailBytes) {
    this.#limit = limit;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    // Trimming only at twice the limit keeps the cost linear for streams of small chunks.
    if (this.#length > 2 * this.#limit) this.#trim();
  }

  /** The tail as text with secrets replaced. A partial character at the start is dropped. */
  text(secrets: readonly string[] = []): string {
    this.#trim();
    let bytes = Buffer.concat(this.#chunks);
    if (this.#cut) {
      let start = 0;
      while (start < 4 && start < bytes.length && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
      bytes = bytes.subarray(start);
    }
    return redact(bytes.toString('utf8'), secrets);
  }

  #trim(): void {
    if (this.#length <= this.#limit) return;
    const joined = Buffer.concat(this.#chunks).subarray(this.#length - this.#limit);
    this.#chunks = [Buffer.from(joined)];
    this.#length = joined.length;
    this.#cut = true;
  }
}

/** @internal for its tests */
export const redact = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((out, secret) => (secret === '' ? out : out.replaceAll(secret, '[redacted]')), text);
