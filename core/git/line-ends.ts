const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** How git converts the line ends of a file: always (`text`), or only if it looks like text (`auto`). */
export type TextRule = 'text' | 'auto';

interface Counts {
  nul: number;
  loneCr: number;
  loneLf: number;
  crlf: number;
  printable: number;
  other: number;
}

/** Counts as git does (convert.c). */
function countsOf(bytes: Uint8Array): Counts {
  const found: Counts = { nul: 0, loneCr: 0, loneLf: 0, crlf: 0, printable: 0, other: 0 };
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (byte === carriageReturn) {
      if (bytes[i + 1] === lineFeed) {
        found.crlf += 1;
        i += 1;
      } else found.loneCr += 1;
    } else if (byte === lineFeed) found.loneLf += 1;
    else if (byte === 0) {
      found.nul += 1;
      found.other += 1;
    } else if (byte === 127 || (byte < 32 && ![8, 9, 12, 27].includes(byte))) found.other += 1;
    else found.printable += 1;
  }
  if (bytes.at(-1) === 26) found.other -= 1;
  return found;
}

const isBinary = ({ nul, loneCr, printable, other }: Counts): boolean =>
  nul > 0 || loneCr > 0 || Math.floor(printable / 128) < other;

/** A blob as a checkout writes it where `eol=crlf` applies; undefined if it stays as it is. */
export function toCrlf(blob: Uint8Array, rule: TextRule): Uint8Array | undefined {
  const counts = countsOf(blob);
  if (counts.loneLf === 0) return undefined;
  if (rule === 'auto' && (counts.crlf > 0 || isBinary(counts))) return undefined;
  const bytes = new Uint8Array(blob.length + counts.loneLf);
  let to = 0;
  for (let i = 0; i < blob.length; i++) {
    if (blob[i] === lineFeed && blob[i - 1] !== carriageReturn) bytes[to++] = carriageReturn;
    bytes[to++] = blob[i] as number;
  }
  return bytes;
}

/** A file as `git add` stores it; undefined if it is stored as it is. */
export function fromCrlf(file: Uint8Array, rule: TextRule): Uint8Array | undefined {
  const counts = countsOf(file);
  if (counts.crlf === 0 || (rule === 'auto' && isBinary(counts))) return undefined;
  const bytes = new Uint8Array(file.length - counts.crlf);
  let to = 0;
  for (let i = 0; i < file.length; i++) {
    if (file[i] !== carriageReturn || file[i + 1] !== lineFeed) bytes[to++] = file[i] as number;
  }
  return bytes;
}

export const hasCrlf = (bytes: Uint8Array): boolean => countsOf(bytes).crlf > 0;

/** How the line ends of a whole file changed, for people; undefined if they did not. */
export function flipOf(before: Uint8Array, after: Uint8Array): string | undefined {
  const [was, is] = [countsOf(before), countsOf(after)];
  if (isBinary(was) || isBinary(is)) return undefined;
  if (was.loneLf > 1 && was.crlf === 0 && is.crlf > 1 && is.loneLf === 0) return 'LF to CRLF';
  if (was.crlf > 1 && was.loneLf === 0 && is.loneLf > 1 && is.crlf === 0) return 'CRLF to LF';
  return undefined;
}
