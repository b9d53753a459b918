import { Transform } from 'node:stream';

/**
 * Replaces the registry's URL by the mirror's in every string of a JSON text that flows through, also where slashes are
 * escaped. Documents of popular packages have tens of megabytes, so none is held as a whole.
 */
export function rewriteTarballs(base: string, mirror: string): Transform {
  const root = base.endsWith('/') ? base : `${base}/`;
  const withEscapes = (text: string): string => text.replaceAll('/', '\\/');
  const forms = [
    { from: root, to: mirror },
    { from: withEscapes(root), to: withEscapes(mirror) },
  ];
  const longest = withEscapes(root).length;
  /** The end of what has come, in which a URL may have begun. One character per byte. */
  let held = '';

  /** Rewrites all URLs that begin before `end`. */
  function rewrite(text: string, end: number): string {
    const next = forms.map(({ from, to }) => ({ from, to, at: text.indexOf(from) }));
    let out = '';
    let done = 0;
    for (;;) {
      const first = next.filter(({ at }) => at >= 0 && at < end).sort((a, b) => a.at - b.at)[0];
      if (first === undefined) break;
      out += text.slice(done, first.at) + first.to;
      done = first.at + first.from.length;
      // Only the form that was found is searched again, so that each part of the text is searched once for each.
      first.at = text.indexOf(first.from, done);
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
