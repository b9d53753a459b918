import { createHash } from 'node:crypto';
import type { RunEvent } from '../run/record.ts';

/** The chain of what happens beside runs: settings, refused attempts, and the end of each run with the head of its chain. */
export const deploymentChain = 'deployment';
/** Type of the line of the deployment's chain that has the end of a run's chain. */
export const runEnded = 'run-ended';

/** An event as a line of a chain. `hash` covers all else of the line, its chain, and the hash of the line before. */
export type Line = RunEvent & { seq: number; hash: string };

/** A position in a chain. */
export interface Head {
  seq: number;
  /** Of the line; a position that is kept elsewhere may have its first 128 bits only. */
  hash: string;
}

/** A chain as it is stored. */
export interface StoredChain {
  /** In the order of `seq`; those from before the chain first. A fault is the reason why a line is not what was written. */
  lines: (RunEvent | { fault: string })[];
  /** The newest position that the store keeps apart from the lines; undefined if it keeps none. */
  head: Head | undefined;
}

/** JSON with sorted keys and without spaces: equal values have equal texts. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((each) => canonical(each ?? null)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`);
  return `{${fields.join(',')}}`;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** What the first line of a chain follows, so that no line of another chain can take its place. */
export const beginOf = (chain: string): Head => ({ seq: 0, hash: sha256(`drydock audit 1 ${chain}`) });

/** The next line of a chain. */
export function nextLine(before: Head, event: RunEvent): Line {
  const { seq: _seq, hash: _hash, ...said } = event;
  const seq = before.seq + 1;
  return { ...said, seq, hash: hashOf(before.hash, { ...said, seq }) };
}

const hashOf = (before: string, said: Omit<Line, 'hash'>): string => sha256(`${before}\n${canonical(said)}`);

/** The result of a check. */
export interface ChainCheck {
  chain: string;
  ok: boolean;
  /** Lines in the chain, and those that were written before chains existed. */
  lines: number;
  before: number;
  /** The last line; null if there is none. */
  head: Head | null;
  /** The first bad line, and what is wrong with it. */
  fault: { seq: number; what: string } | null;
}

/**
 * Checks each line against the one before, and the end against the positions that are known from elsewhere.
 * @param known Positions of which the chain had a line: what its store keeps apart, and the end in the deployment's chain.
 */
export function checkChain(chain: string, { lines, head }: StoredChain, known: readonly Head[] = []): ChainCheck {
  let at = beginOf(chain);
  let before = 0;
  const hashes = new Map([[0, at.hash]]);
  const result = (what?: string, seq = at.seq + 1): ChainCheck => ({
    chain,
    ok: what === undefined,
    lines: at.seq,
    before,
    head: at.seq === 0 ? null : at,
    fault: what === undefined ? null : { seq, what },
  });
  for (const line of lines) {
    if ('fault' in line) return result(line.fault);
    const { seq, hash, ...said } = line;
    if (seq === undefined && hash === undefined) {
      if (at.seq > 0) return result('A line without a hash follows lines that have one.');
      before++;
      continue;
    }
    if (seq !== at.seq + 1) return result(`Line ${at.seq + 1} is missing; line ${String(seq)} follows.`);
    if (hash !== hashOf(at.hash, { ...said, seq }))
      return result('The line, or the one before it, is not what was written.');
    at = { seq, hash };
    hashes.set(seq, hash);
  }
  for (const position of [...(head ? [head] : []), ...known]) {
    const found = hashes.get(position.seq);
    if (found === undefined) return result(`The chain ended with line ${position.seq}, which is missing.`);
    if (!found.startsWith(position.hash)) return result('Another line stood here.', position.seq);
  }
  return result();
}
