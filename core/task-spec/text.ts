/** From the bytes of a spec or policy to text a person would see as it is: nothing hidden, nothing binary. */

export interface Problem {
  /** A spec with an `error` is refused; a `warning` alone is not. */
  severity: 'error' | 'warning';
  /** Stable name of the rule, for example `unknown-key`. */
  rule: string;
  message: string;
  /** 1-based, in the whole file. */
  line: number;
  /** 1-based, in UTF-16 code units. */
  column: number;
}

/** Where a problem is, as an offset into the text. */
export interface Fault {
  severity?: Problem['severity'];
  rule: string;
  message: string;
  offset: number;
}

/**
 * A spec or policy is written and reviewed by people; a quarter of a MiB is far more than they read.
 * @internal for its tests
 */
export const maxFileBytes = 262_144;

/** More are not read by anybody, and a hostile file could name thousands. */
const maxProblems = 100;

// C0 but tab, line feed and carriage return; DEL; C1; Unicode line breaks, which editors and parsers count differently.
const controls = '\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u2028\\u2029';
// Change the order in which text is shown (https://trojansource.codes).
const bidi = '\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069';
// Are read by a model and seen by nobody. The zero-width joiners stay: some scripts and emoji need them.
const invisible = '\\u00ad\\u180e\\u200b\\u2060-\\u2064\\ufeff\\u{e0000}-\\u{e007f}';
const hidden = new RegExp(`\\r(?!\\n)|[${controls}${bidi}${invisible}]`, 'u');
const hiddenEach = new RegExp(hidden, 'gu');
const isBidi = new RegExp(`[${bidi}]`, 'u');
const isInvisible = new RegExp(`[${invisible}]`, 'u');

/** The first character of a text that a reviewer would not see as it is. */
export function hiddenCharacter(text: string): { rule: string; message: string; offset: number } | undefined {
  const found = hidden.exec(text);
  return found ? describe(found[0], found.index) : undefined;
}

function describe(character: string, offset: number): Fault {
  const code = `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  if (isBidi.test(character)) {
    return {
      rule: 'bidi-character',
      message: `${code} changes the order in which the text is shown; remove it.`,
      offset,
    };
  }
  if (isInvisible.test(character)) {
    return { rule: 'invisible-character', message: `${code} is not visible; remove it.`, offset };
  }
  return { rule: 'control-character', message: `Control character ${code}; remove it.`, offset };
}

/**
 * Decodes and screens a file. `text` is absent when there is nothing to read: an empty, over-large or binary file.
 * A file that is only partly UTF-8 is decoded with replacement characters, so that its other faults can be named too.
 */
export function readText(bytes: Uint8Array): { text?: string; faults: Fault[] } {
  if (bytes.length > maxFileBytes) {
    const message = `The file has ${bytes.length} bytes; at most ${maxFileBytes} are read.`;
    return { faults: [{ rule: 'file-too-large', message, offset: 0 }] };
  }
  const decoded = new TextDecoder().decode(bytes);
  if (decoded.trim() === '') return { faults: [{ rule: 'empty-file', message: 'The file is empty.', offset: 0 }] };
  if (bytes.includes(0)) {
    return { faults: [{ rule: 'encoding', message: 'This is a binary file, not UTF-8 text.', offset: 0 }] };
  }
  const faults: Fault[] = [];
  const broken = decoded.indexOf('\ufffd');
  if (broken >= 0 && !isUtf8(bytes)) {
    faults.push({ rule: 'encoding', message: 'The file is not UTF-8 from here on; save it as UTF-8.', offset: broken });
  }
  if (hidden.test(decoded)) {
    for (const match of decoded.matchAll(hiddenEach)) {
      faults.push(describe(match[0], match.index));
      if (faults.length >= maxProblems) break;
    }
  }
  return { text: decoded, faults };
}

export function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Faults with their line and column, in the order of the file; the same one once a line. */
export function toProblems(text: string, faults: Fault[]): Problem[] {
  if (faults.length === 0) return [];
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  // What is missing at the end of the file is missing on its last line that says something.
  const end = text.trimEnd().length;
  const seen = new Set<string>();
  const problems: Problem[] = [];
  for (const fault of [...faults].sort((a, b) => a.offset - b.offset)) {
    const offset = Math.min(fault.offset, end);
    const line = lineOf(starts, offset);
    const key = `${line} ${fault.rule} ${fault.message}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const column = offset - (starts[line - 1] ?? 0) + 1;
    problems.push({ severity: fault.severity ?? 'error', rule: fault.rule, message: fault.message, line, column });
  }
  if (problems.length <= maxProblems) return problems;
  const last = problems[maxProblems - 1];
  const message = `${problems.length - maxProblems + 1} more problems are not shown.`;
  const more: Problem = { severity: 'error', rule: 'too-many-problems', message, line: last?.line ?? 1, column: 1 };
  return [...problems.slice(0, maxProblems - 1), more];
}

/** 1-based line that holds an offset, by binary search. */
function lineOf(starts: number[], offset: number): number {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return low + 1;
}
