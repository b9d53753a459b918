import { Transform } from 'node:stream';

/** A URL that ends with a slash, and what replaces it. */
export interface Replacement {
  from: string;
  to: string;
}

/**
 * Replaces the beginnings of URLs in a text that flows through, also where slashes are escaped as in JSON. Documents of
 * popular packages have tens of megabytes, so none is held as a whole.
 */
export function rewriteUrls(replacements: readonly Replacement[]): Transform {
  const withEscapes = (text: string): string => text.replaceAll('/', '\\/');
  const forms = replacements.flatMap(({ from, to }) => [
    { from, to },
    { from: withEscapes(from), to: withEscapes(to) },
  ]);
  const longest = Math.max(...forms.map(({ from }) => from.length));
  /** The end of what has come, in which a URL may have begun. One character per byte. */
  let held = '';

  /** Rewrites all URLs that begin before `end`. */
  function rewrite(text: string, end: number): string {
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
      if (end > 0) this.push(Buffer.from(rewrite(text, end), 'latin1'));
      else held = text;
      done();
    },
    flush(done) {
      this.push(Buffer.from(rewrite(held, held.length), 'latin1'));
      done();
    },
  });
}
