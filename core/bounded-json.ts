/** Limits for a JSON text: how deep its arrays and objects may be nested, and how many values and keys it may hold. */
export interface JsonLimits {
  depth: number;
  values: number;
}

/** Without `stream` it keeps nothing from one call to the next. */
const decoder = new TextDecoder('utf-8', { fatal: true });
const quote = 0x22;
const backslash = 0x5c;

/** Why the text breaks a limit; `undefined` if it keeps them. Reads each byte once, and allocates nothing. */
function excess(bytes: Uint8Array, { depth: maxDepth, values: maxValues }: JsonLimits): string | undefined {
  let depth = 0;
  let values = 1;
  for (let at = 0; at < bytes.length; at += 1) {
    switch (bytes[at]) {
      case quote:
        at = endOfString(bytes, at + 1);
        break;
      case 0x5b: // [
      case 0x7b: // {
        depth += 1;
        values += 1;
        if (depth > maxDepth) return `it is nested more than ${maxDepth} deep`;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth -= 1;
        break;
      case 0x2c: // ,
      case 0x3a: // :
        values += 1;
        break;
      default:
        break;
    }
    if (values > maxValues) return `it has more than ${maxValues} values`;
  }
  return undefined;
}

/** Index of the quote that ends the string which begins at `start`; the length of `bytes` if it has no end. */
function endOfString(bytes: Uint8Array, start: number): number {
  for (let at = bytes.indexOf(quote, start); at >= 0; at = bytes.indexOf(quote, at + 1)) {
    let before = at;
    while (before > start && bytes[before - 1] === backslash) before -= 1;
    if ((at - before) % 2 === 0) return at;
  }
  return bytes.length;
}

/**
 * Parses JSON of an untrusted source. A small text can describe a value that needs a hundred times its memory, or that
 * exhausts the stack of whoever walks through it, so the limits are checked before anything is parsed. It never throws.
 */
export function parseJson(bytes: Uint8Array, limits: JsonLimits): { value: unknown } | { invalid: string } {
  const invalid = excess(bytes, limits);
  if (invalid !== undefined) return { invalid };
  try {
    return { value: JSON.parse(decoder.decode(bytes)) };
  } catch {
    return { invalid: 'it is not JSON in UTF-8' };
  }
}
