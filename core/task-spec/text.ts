import { type HiddenCharacter, hiddenIn } from '../text/hidden.ts';

/** Decodes the bytes of a spec or policy, and rejects text that a reviewer would not see as it is. */

export interface Problem {
  /** An `error` makes a spec invalid; a `warning` does not. */
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
 * 256 KiB: people write and review specs and policies, and never in this size.
 */
export const maxFileBytes = 262_144;

/** A hostile file could have thousands of problems. */
const maxProblems = 100;

/** The first hidden character of a text: one that a reviewer would not see as it is. */
export function hiddenCharacter(text: string): Fault | undefined {
  for (const found of hiddenIn(text)) return describe(found);
  return undefined;
}

const describe = ({ kind, says, offset }: HiddenCharacter): Fault => ({
  rule: `${kind}-character`,
  message: `${says}; remove it.`,
  offset,
});

/**
 * Decodes and checks a file. `text` is absent for an empty, too large or binary file. A file with invalid UTF-8 is
 * decoded with replacement characters, so that its other faults can be reported too.
 */
export function readText(bytes: Uint8Array): { text?: string; faults: Fault[] } {
  if (bytes.length > maxFileBytes) {
    const message = `The file has ${bytes.length} bytes; the limit is ${maxFileBytes}.`;
    return { faults: [{ rule: 'file-too-large', message, offset: 0 }] };
  }
  const decoded = new TextDecoder().decode(bytes);
  if (decoded.trim() === '') return { faults: [{ rule: 'empty-file', message: 'The file is empty.', offset: 0 }] };
  if (bytes.includes(0)) {
    return { faults: [{ rule: 'encoding', message: 'This is a binary file; it must be UTF-8 text.', offset: 0 }] };
  }
  const faults: Fault[] = [];
  const broken = decoded.indexOf('\ufffd');
  if (broken >= 0 && !isUtf8(bytes)) {
    faults.push({
      rule: 'encoding',
      message: 'The file is not valid UTF-8 from here on; save it as UTF-8.',
      offset: broken,
    });
  }
  for (const found of hiddenIn(decoded)) {
    faults.push(describe(found));
    if (faults.length >= maxProblems) break;
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

/** Faults with line and column, in the order of the file; equal faults are reported once per line. */
export function toProblems(text: string, faults: Fault[]): Problem[] {
  if (faults.length === 0) return [];
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  // A fault at the end of the file is reported on the last line that is not blank.
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
