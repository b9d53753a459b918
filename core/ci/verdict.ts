import type { GateResult } from '../ports/host/collaboration.ts';
import { stripHidden } from '../prompt/fence.ts';
import { nearest } from '../task-spec/issues.ts';

type CiVerdict =
  | { state: 'green' }
  | { state: 'red'; failed: GateResult[] }
  /** `missing` never reported; `waiting` did, and is not done. */
  | { state: 'pending'; waiting: string[]; missing: string[] };

/**
 * What CI says of the gates that a spec asks for. One that failed is enough for red: what it found is worth a new commit,
 * which makes the others start again anyway. A name that both a check and a status report has to pass as both.
 */
export function ciVerdict(gates: string[], results: GateResult[]): CiVerdict {
  const asked = [...new Set(gates)].map((name) => ({ name, found: results.filter((result) => result.name === name) }));
  const failed = asked.flatMap(({ found }) => found.filter(({ state }) => state === 'failed'));
  if (failed.length > 0) return { state: 'red', failed };
  const missing = asked.filter(({ found }) => found.length === 0).map(({ name }) => name);
  const waiting = asked.filter(({ found }) => found.some(({ state }) => state === 'pending')).map(({ name }) => name);
  return missing.length + waiting.length === 0 ? { state: 'green' } : { state: 'pending', waiting, missing };
}

/** Names shown of what did report. */
const maxNames = 20;

/** Why a gate may never have reported, for a person: plain text on one line, part of it from outside. */
export function missingCauses(gate: string, results: GateResult[]): string {
  const names = [...new Set(results.map(({ name }) => line(name)))].filter((name) => name !== '');
  const wanted = line(gate);
  const near = nearest(wanted, names);
  const meant = near === undefined ? '' : ` Is "${near}" meant?`;
  const reported =
    names.length === 0
      ? 'Nothing reported on this commit: does CI run on pull requests, and on branches of this name?'
      : `Reported were: ${names.slice(0, maxNames).join(', ')}${names.length > maxNames ? ` and ${names.length - maxNames} more` : ''}.`;
  return `The CI gate "${wanted}" never reported.${meant} ${reported} A workflow that skips drafts or unchanged paths does not report either.`;
}

/** UTF-16 units of one gate, and of all. */
const maxGate = 12_000;
const maxFeedback = 40_000;

/** What failed and why, for the next build: text from outside without hidden characters; it is fenced where it enters a prompt. */
export function ciFeedback(failed: GateResult[]): string {
  const each = Math.min(maxGate, Math.floor(maxFeedback / Math.max(1, failed.length)));
  const texts = failed.map(({ name, conclusion, detail }) => {
    const head = `CI gate ${line(name)}: ${line(conclusion)}`;
    const text = stripHidden(detail).trim();
    return text === '' ? head : `${head}\n${middleOut(text, each)}`;
  });
  return texts.join('\n\n').slice(0, maxFeedback);
}

/** A summary stands at the beginning, and the reason at the end of a log. */
function middleOut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const half = Math.floor(limit / 2);
  return `${text.slice(0, half)}\n[…]\n${text.slice(text.length - half)}`.toWellFormed();
}

const line = (text: string): string => stripHidden(text).replace(/\s+/g, ' ').trim().slice(0, 200).toWellFormed();
