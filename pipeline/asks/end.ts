import type { AskTopic } from '../../core/ask/names.ts';
import { parseAnswer } from '../../core/ask/topics.ts';
import type { WorkPatch } from '../../core/ports/store/phases.ts';
import type { PhaseResult } from '../../core/run/phase.ts';
import type { PhaseEnd } from '../../core/run/phase-end.ts';
import type { PhaseRequest } from '../../core/run/phase-request.ts';
import type { Deps } from '../deps.ts';
import { answerInvalid, type PhaseAnswer } from '../payloads.ts';
import type { RunContext } from '../runs/run-context.ts';
import { faultsOf, keptFaults } from './faults.ts';
import { faultOfReview, tookReview } from './review.ts';

/** An answer that is taken, one that the agent has to correct, or one that it could not correct. */
type AskEnd = { answer: PhaseAnswer; patch: WorkPatch } | { invalid: string };

/** Checks the answer that an agent left. Its faults are told to the agent once; a second invalid answer fails the phase. */
export async function endOfAsk(
  deps: Deps,
  context: RunContext,
  topic: AskTopic,
  request: PhaseRequest,
  end: PhaseEnd,
  result: PhaseResult,
): Promise<AskEnd> {
  const taken = await takeAnswer(deps, context, topic, request, end, result);
  const again = (await faultsOf(deps, context, request)) !== '';
  if (!('faults' in taken)) {
    const { results } = again ? await keptFaults(deps, request, '') : {};
    return { ...taken, patch: { ...taken.patch, results: { ...taken.patch.results, ...results } } };
  }
  const { faults } = taken;
  if (again) return { invalid: faults };
  return {
    answer: { outcome: 'failed', approval: false, reason: answerInvalid },
    patch: await keptFaults(deps, request, faults),
  };
}

async function takeAnswer(
  deps: Deps,
  context: RunContext,
  topic: AskTopic,
  request: PhaseRequest,
  end: PhaseEnd,
  { answer: text }: PhaseResult,
): Promise<{ answer: PhaseAnswer; patch: WorkPatch } | { faults: string }> {
  if (text === undefined) return { faults: 'You left no answer.' };
  if (topic !== 'review') return { faults: `A ${topic} phase is not a part of this run.` };
  const parsed = parseAnswer(topic, text);
  if ('faults' in parsed) return parsed;
  const faults = await faultOfReview(deps, context, parsed.answer);
  return faults === undefined ? tookReview(deps, context, request, parsed.answer, end) : { faults };
}
