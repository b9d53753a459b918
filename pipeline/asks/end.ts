import { type AskTopic, answerFile } from '../../core/ask/names.ts';
import { parseAnswer } from '../../core/ask/topics.ts';
import type { ErrorName } from '../../core/errors.ts';
import type { PhaseResult } from '../../core/run/phase.ts';
import type { PhaseEnd } from '../../core/run/phase-end.ts';
import type { PhaseRequest } from '../../core/run/phase-request.ts';
import type { Deps } from '../deps.ts';
import { answerInvalid } from '../payloads.ts';
import type { RunContext } from '../runs/run-context.ts';
import { faultsOf, keptFaults } from './faults.ts';
import { faultOfReview, tookReview } from './review.ts';
import type { Taken } from './taken.ts';

/** An answer that is taken, one that the agent has to correct, or one after which nothing follows. */
type AskEnd = Taken | { fault: ErrorName; message: string };

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
  if ('fault' in taken) return taken;
  if (!('faults' in taken)) {
    const { results } = again ? await keptFaults(deps, request, '') : {};
    return { ...taken, patch: { ...taken.patch, results: { ...taken.patch.results, ...results } } };
  }
  const { faults } = taken;
  if (again) return { fault: 'ResultInvalid', message: faults };
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
): Promise<AskEnd | { faults: string }> {
  if (text === undefined) return { faults: `The agent left no answer in $DRYDOCK_OUT/${answerFile(topic)}.` };
  if (topic === 'review') {
    const parsed = parseAnswer(topic, text);
    if ('faults' in parsed) return parsed;
    const faults = await faultOfReview(deps, context, parsed.answer);
    return faults === undefined ? tookReview(deps, context, request, parsed.answer, end) : { faults };
  }
  // Loaded on demand: it checks a spec as lint does, which takes as long to load as the rest.
  const { takeDraft } = await import('./draft.ts');
  return takeDraft(deps, context, topic, text);
}
