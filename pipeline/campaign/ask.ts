import type { Part } from '../../core/campaign/part.ts';
import { dependents, failedPart } from '../../core/campaign/progress.ts';
import { DrydockError } from '../../core/errors.ts';
import { formatUsd } from '../../core/money/format.ts';
import type { GateOption } from '../../core/run/gate.ts';
import type { Question } from '../../core/run/phase.ts';
import type { Deps } from '../deps.ts';
import { getText } from '../runs/artifacts.ts';
import type { RunContext } from '../runs/run-context.ts';
import { plannedParts, stateOf } from './parts.ts';

/** What a person is asked. */
export interface Asked {
  question: Question;
  options?: GateOption[];
  /** The part of a campaign that it is about. */
  part?: string;
}

/** Why the machine asks about the parts of a campaign. */
const reasons = ['PartFailed', 'PartsConflict'] as const;
type PartReason = (typeof reasons)[number];
export const isPartReason = (reason: string): reason is PartReason => (reasons as readonly string[]).includes(reason);

export async function askAboutPart(deps: Deps, context: RunContext, reason: PartReason): Promise<Asked> {
  const { parts } = await plannedParts(deps, context);
  return reason === 'PartFailed' ? partFailed(context, parts) : partsConflict(deps, context, parts);
}

function partFailed({ record }: RunContext, parts: readonly Part[]): Asked {
  const state = stateOf(record);
  const id = failedPart(parts, state) ?? '';
  const part = state.parts[id];
  if (!part) throw new DrydockError('Internal', `No part of ${record.runId} has failed.`);
  const lost = dependents(parts, id);
  const title = parts.find((each) => each.id === id)?.title ?? '';
  return asked(id, {
    question: `The part "${id}" failed: ${part.error?.name}. How should the campaign go on?`,
    context: [
      `${id}: ${title}`,
      `${part.error?.name}: ${part.error?.message}`,
      `It spent ${formatUsd(part.spentMicros ?? 0)} of its ${formatUsd(part.capMicros)}. Its run: ${part.runId}`,
    ].join('\n'),
    options: [
      { label: 'Do the part again', does: 'redo' },
      { label: 'Do it again, with a hint', does: 'answer', text: 'required' },
      {
        label: lost.length === 0 ? 'Go on without it' : `Go on without it and without ${lost.join(', ')}`,
        does: 'leave-out',
      },
      { label: 'Give up', does: 'reject' },
    ],
  });
}

async function partsConflict(deps: Deps, { record }: RunContext, parts: readonly Part[]): Promise<Asked> {
  const { conflict, merged } = stateOf(record);
  if (!conflict) throw new DrydockError('Internal', `No parts of ${record.runId} conflict.`);
  const { failure } = record.work.results;
  const others = merged.length === 1 ? `"${merged[0]}"` : `the merged parts (${merged.join(', ')})`;
  const lost = dependents(parts, conflict.part);
  return asked(conflict.part, {
    question: `The part "${conflict.part}" conflicts with ${others}, and the coordinator did not resolve it. How should the campaign go on?`,
    context: failure === undefined ? '' : await getText(deps.artifacts, failure),
    options: [
      { label: `Take the version of ${others}`, does: 'take-ours' },
      { label: `Take the version of "${conflict.part}"`, does: 'take-theirs' },
      { label: `Do "${conflict.part}" again on top of ${others}`, does: 'redo' },
      { label: 'Give the coordinator a hint', does: 'answer', text: 'required' },
      {
        label: lost.length === 0 ? 'Go on without the part' : `Go on without the part and without ${lost.join(', ')}`,
        does: 'leave-out',
      },
      { label: 'Give up', does: 'reject' },
    ],
  });
}

/** A question cannot be longer than what the gate of an agent's question takes. */
const asked = (
  part: string,
  { question, context, options }: { question: string; context: string; options: GateOption[] },
): Asked => ({
  part,
  options,
  question: { question, context: context.slice(0, 20_000), options: options.map(({ label }) => label.slice(0, 500)) },
});
