import { Transform } from 'node:stream';

/** A text of bytes (latin1), and what replaces it. */
export interface Replacement {
  from: string;
  to: string;
}

/**
 * Replaces texts in what flows through. Documents of registries have tens of megabytes, so none is held as a whole.
 */
export function replaceTexts(forms: readonly Replacement[]): Transform {
  const longest = Math.max(0, ...forms.map(({ from }) => from.length));
  /** The end of what has come, in which a text may have begun. One character per byte. */
  let held = '';

  /** Replaces all texts that begin before `end`. */
  function replace(text: string, end: number): string {
    const next = forms.map(({ from, to }) => ({ from, to, at: text.indexOf(from) }));
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
    held = text.slice(rest);
    return out + text.slice(done, rest);
  }

  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const text = held + chunk.toString('latin1');
      const end = text.length - longest;
      if (end > 0) this.push(Buffer.from(replace(text, end), 'latin1'));
      else held = text;
      done();
    },
    flush(done) {
      this.push(Buffer.from(replace(held, held.length), 'latin1'));
      done();
    },
  });
}
