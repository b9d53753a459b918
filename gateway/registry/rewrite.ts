import { Transform } from 'node:stream';

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/**
 * Replaces the registry's URL by the mirror's in every string of a JSON text that flows through, also where slashes are
 * escaped. Documents of popular packages have tens of megabytes, so none is held as a whole.
 */
export function rewriteTarballs(base: string, mirror: string): Transform {
  const root = base.endsWith('/') ? base : `${base}/`;
  const withEscapes = (text: string): string => text.replaceAll('/', '\\/');
  const found = new RegExp(`${escaped(root)}|${escaped(withEscapes(root))}`, 'g');
  const longest = withEscapes(root).length;
  /** The end of what has come, in which a URL may have begun. One character per byte. */
  let held = '';

  /** Rewrites all URLs that begin before `end`. */
  function rewrite(text: string, end: number): string {
    let out = '';
    let at = 0;
    found.lastIndex = 0;
    for (let match = found.exec(text); match !== null && match.index < end; match = found.exec(text)) {
      out += text.slice(at, match.index) + (match[0] === root ? mirror : withEscapes(mirror));
      at = match.index + match[0].length;
    }
    const rest = Math.max(at, end);
    held = text.slice(rest);
    return out + text.slice(at, rest);
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
