import { suspicious } from '../prompt/suspicious.ts';
import { readRunbook } from '../runbook/parse.ts';
import { runbookFolder } from '../runbook/record.ts';
import type { LessonProposals } from './proposals.ts';

type Proposal = NonNullable<LessonProposals['runbook']>;

/** What becomes of a proposed guide: the file of the runbook, nothing if it says the same, or why it is left out. */
export type RunbookChange = { path: string; bytes: Uint8Array } | { rule: string; message: string } | undefined;

/**
 * Puts a proposed guide into a runbook and raises its version by one. An agent changes the guide only: parameters, spec
 * and triggers decide what runs, and stay as people wrote them, byte for byte.
 * @param used Name of the runbook that the run was made from.
 * @param base The file at the base; its version counts, so that an open proposal is replaced and not counted twice.
 */
export function applyGuide(
  { name, guide }: Proposal,
  used: string | undefined,
  base: Uint8Array | undefined,
): RunbookChange {
  const path = `${runbookFolder}${name}.md`;
  if (name !== used)
    return { rule: 'unknown-runbook', message: `The run was made from ${used ?? 'no runbook'}; only its own changes.` };
  const before = base && readRunbook(path, base);
  const runbook = before?.runbook;
  const document = before?.read.document;
  if (!before || !runbook || !document)
    return { rule: 'unknown-runbook', message: `The repository has no valid runbook "${name}".` };
  const text = before.read.text;
  const at = document.locate(['version']);
  const written = String(runbook.version);
  const rest = text.slice(at + written.length);
  if (!text.startsWith(written, at) || /^\w/.test(rest))
    return { rule: 'version', message: `The version of "${name}" is not written as a plain number.` };
  if (guide.trim() === runbook.guide) return undefined;
  const [order] = suspicious(guide);
  if (order)
    return { rule: 'orders-to-agents', message: `Line ${order.line} of the guide ${order.what}: “${order.excerpt}”.` };
  const front = text.slice(0, before.read.body.start);
  const next = `${front.slice(0, at)}${runbook.version + 1}${front.slice(at + written.length)}`;
  const bytes = new TextEncoder().encode(`${next.trimEnd()}\n\n${guide.trim()}\n`);
  const fault = readRunbook(path, bytes).problems.find(
    ({ severity, rule }) => severity === 'error' || rule === 'hidden-content',
  );
  return fault ? { rule: fault.rule, message: `line ${fault.line}: ${fault.message}` } : { path, bytes };
}
