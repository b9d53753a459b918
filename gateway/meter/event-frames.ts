import type { EventStreamCodec } from '@smithy/core/event-streams';

/** Bytes before the headers of a frame: its length, the length of its headers, and a checksum. */
const preludeBytes = 12;
let codec: EventStreamCodec | undefined;

/** Loads what decodes frames; only phases with Amazon Bedrock need it, and it takes longer to load than the gateway. */
export async function loadEventFrames(): Promise<void> {
  const { EventStreamCodec: Codec } = await import('@smithy/core/event-streams');
  codec ??= new Codec(
    (bytes) => (typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8')),
    (text) => Buffer.from(text, 'utf8'),
  );
}

/**
 * Cuts a stream of Amazon's event frames (`application/vnd.amazon.eventstream`) into their bodies while it is forwarded.
 * Source: https://smithy.io/2.0/aws/amazon-eventstream.html.
 */
export class EventFrames {
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #held = 0;
  #needed = preludeBytes;

  /** @param maxBytes Limit of one frame. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @returns the bodies of the frames that are complete now; undefined if the stream is not one of frames. */
  push(chunk: Uint8Array): Uint8Array[] | undefined {
    this.#pieces.push(Buffer.from(chunk));
    this.#held += chunk.length;
    if (this.#held < this.#needed) return [];
    let rest = this.#pieces.length === 1 ? (this.#pieces[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#pieces);
    const bodies: Uint8Array[] = [];
    for (;;) {
      this.#needed = rest.length < preludeBytes ? preludeBytes : rest.readUInt32BE(0);
      if (this.#needed < preludeBytes || this.#needed > this.#maxBytes) return undefined;
      if (rest.length < preludeBytes || rest.length < this.#needed) break;
      try {
        if (codec === undefined) return undefined;
        bodies.push(codec.decode(rest.subarray(0, this.#needed)).body);
      } catch {
        return undefined; // a checksum or a header is wrong
      }
      rest = rest.subarray(this.#needed);
    }
    this.#pieces = rest.length === 0 ? [] : [rest];
    this.#held = rest.length;
    return bodies;
  }
}
