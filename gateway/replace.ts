import { Transform } from 'node:stream';

/** A text of bytes (latin1), and what replaces it. */
export interface Replacement {
  from: string;
  to: string;
}

/** Replaces texts in what flows through, piece by piece. */
export class Replacer {
  readonly #forms: readonly Replacement[];
  readonly #longest: number;
  readonly #firsts: ReadonlySet<string | undefined>;
  /** The end of what has come, in which a text has begun. One character per byte. */
  #held = '';

  constructor(forms: readonly Replacement[]) {
    this.#forms = forms;
    this.#longest = Math.max(0, ...forms.map(({ from }) => from.length));
    this.#firsts = new Set(forms.map(({ from }) => from[0]));
  }

  push(chunk: Uint8Array): Buffer {
    const text = this.#held + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
    return Buffer.from(this.#replace(text, this.#begun(text)), 'latin1');
  }

  /** What was held, at the end. */
  rest(): Buffer {
    return Buffer.from(this.#replace(this.#held, this.#held.length), 'latin1');
  }

  /** Replaces all texts that begin before `end`, and holds what is after it. */
  #replace(text: string, end: number): string {
    const next = this.#forms.map(({ from, to }) => ({ from, to, at: text.indexOf(from) }));
    let out = '';
    let done = 0;
    for (;;) {
      const first = next.filter(({ at }) => at >= done && at < end).sort((a, b) => a.at - b.at)[0];
      if (first === undefined) break;
      out += text.slice(done, first.at) + first.to;
      done = first.at + first.from.length;
      // Only forms that were passed are searched again, so that each part of the text is searched once for each.
      for (const form of next) if (form.at >= 0 && form.at < done) form.at = text.indexOf(form.from, done);
    }
    const rest = Math.max(done, end);
    this.#held = text.slice(rest);
    return out + text.slice(done, rest);
  }

  /** Where a text begins that the end of a piece cuts off. No more is held, so that events of a stream are not late. */
  #begun(text: string): number {
    for (let at = Math.max(0, text.length - this.#longest + 1); at < text.length; at += 1) {
      if (!this.#firsts.has(text[at])) continue;
      const end = text.slice(at);
      if (this.#forms.some(({ from }) => from.startsWith(end))) return at;
    }
    return text.length;
  }
}

/**
 * Replaces texts in what flows through. Documents of registries have tens of megabytes, so none is held as a whole.
 */
export function replaceTexts(forms: readonly Replacement[]): Transform {
  const replacer = new Replacer(forms);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      this.push(replacer.push(chunk));
      done();
    },
    flush(done) {
      this.push(replacer.rest());
      done();
    },
  });
}
