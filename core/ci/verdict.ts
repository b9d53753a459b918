import type { GateResult } from '../ports/host/collaboration.ts';
import { stripHidden } from '../prompt/fence.ts';
import { oneLine } from '../publish/escape.ts';
import { nearest } from '../task-spec/issues.ts';

type CiVerdict =
  | { state: 'green' }
  | { state: 'red'; failed: GateResult[] }
  /** `missing`: gates that never reported, or were skipped. `waiting`: gates that reported and have not finished. */
  | { state: 'pending'; waiting: string[]; missing: string[] };

/**
 * The result of the CI gates that a spec requires. A gate that was skipped has checked nothing: it counts as missing
 * until a result passes. One failed gate is enough for `red`: its finding needs a new commit,
 * and a new commit restarts the other gates anyway. If a check and a status share a name, both have to pass.
 */
export function ciVerdict(gates: string[], results: GateResult[]): CiVerdict {
  const required = [...new Set(gates)].map((name) => ({ name, found: results.filter((each) => each.name === name) }));
  const failed = required.flatMap(({ found }) => found.filter(({ state }) => state === 'failed'));
  if (failed.length > 0) return { state: 'red', failed };
  const missing = required
    .filter(({ found }) => found.every(({ state }) => state === 'skipped'))
    .map(({ name }) => name);
  const waiting = required
    .filter(({ found }) => found.some(({ state }) => state === 'pending'))
    .map((gate) => gate.name);
  return missing.length + waiting.length === 0 ? { state: 'green' } : { state: 'pending', waiting, missing };
}

/** How many names of reported gates a message lists. */
const maxNames = 20;

/**
 * Likely causes of a gate that never reported, for a person: plain text on one line; it quotes names from the host.
 * @param all Results of sources that do not count too.
 */
export function missingCauses(gate: string, results: GateResult[], all: GateResult[] = results): string {
  const other = all.find((each) => each.name === gate && !results.includes(each));
  if (other)
    return `The CI gate "${line(gate)}" was reported by ${other.app === undefined ? 'a commit status' : `the app "${line(other.app)}"`}, which the policy does not list under ci_apps.`;
  const skipped = results.find(({ name, state }) => name === gate && state === 'skipped');
  if (skipped)
    return `The CI gate "${line(gate)}" ended as ${line(skipped.conclusion)}: it has checked nothing. Does a condition of the workflow, or a mark such as [skip ci] in a commit message, skip it?`;
  const names = [...new Set(results.map(({ name }) => line(name)))].filter((name) => name !== '');
  const wanted = line(gate);
  const near = nearest(wanted, names);
  const meant = near === undefined ? '' : ` Did you mean "${near}"?`;
  const reported =
    names.length === 0
      ? 'No gate reported on this commit: does CI run on pull requests, and on branches of this name?'
      : `Reported were: ${names.slice(0, maxNames).join(', ')}${names.length > maxNames ? ` and ${names.length - maxNames} more` : ''}.`;
  return `The CI gate "${wanted}" never reported.${meant} ${reported} A workflow that skips drafts or unchanged paths does not report either.`;
}

/** UTF-16 code units of the feedback for one gate, and for all gates. */
const maxGate = 12_000;
const maxFeedback = 40_000;

/**
 * The failed gates and their reasons, for the next build. Untrusted text with hidden characters removed; the prompt
 * builder fences it.
 */
export function ciFeedback(failed: GateResult[]): string {
  const each = Math.min(maxGate, Math.floor(maxFeedback / Math.max(1, failed.length)));
  const texts = failed.map(({ name, conclusion, detail }) => {
    const head = `CI gate ${line(name)}: ${line(conclusion)}`;
    const text = stripHidden(detail).trim();
    return text === '' ? head : `${head}\n${middleOut(text, each)}`;
  });
  return texts.join('\n\n').slice(0, maxFeedback);
}

/** Cuts out the middle: a summary stands at the beginning of a log, and the reason at its end. */
function middleOut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const half = Math.floor(limit / 2);
  return `${text.slice(0, half)}\n[…]\n${text.slice(text.length - half)}`.toWellFormed();
}

const line = (text: string): string => oneLine(text).slice(0, 200).toWellFormed();
