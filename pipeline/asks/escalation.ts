import { viewFailure } from '../../core/errors.ts';
import type { GateOption } from '../../core/run/gate.ts';
import type { Question } from '../../core/run/phase.ts';
import type { Deps } from '../deps.ts';
import { reviewBlocked, reviewFailed } from '../payloads.ts';
import { getText } from '../runs/artifacts.ts';
import type { RunContext } from '../runs/run-context.ts';

/** A question about a review by an agent, which an approver may answer by going on without it. */
interface ReviewQuestion {
  question: Question;
  options: GateOption[];
}

/** What a person is asked about a review; undefined if the reason is another one. */
export async function reviewQuestion(
  deps: Deps,
  { record, task }: RunContext,
  reason: string,
): Promise<ReviewQuestion | undefined> {
  const blocked = reason === reviewBlocked;
  if (!blocked && !reason.startsWith(reviewFailed)) return undefined;
  const { failure, reviewFailure } = record.work.results;
  const digest = blocked ? failure : reviewFailure;
  const kept = digest === undefined ? '' : await getText(deps.artifacts, digest);
  const options: GateOption[] = [
    { label: blocked ? 'Go on with the change as it is' : 'Go on without this review', does: 'accept' },
    blocked
      ? { label: 'Give the agent a hint', does: 'answer', text: 'required' }
      : { label: 'Ask the agent again', does: 'answer' },
    { label: 'Give up', does: 'reject' },
  ];
  const asked = (question: string, context: string): ReviewQuestion => ({
    question: { question, context, options: options.map(({ label }) => label) },
    options,
  });
  if (blocked)
    return asked(`${reason}: ${task.limits.reworkRounds} rework rounds did not satisfy the reviewers. What now?`, kept);
  const [index = '', name = ''] = reason.slice(reviewFailed.length).split(':');
  // What is kept may be about an earlier review; one that could not start left nothing.
  const message = kept.startsWith(`${name}: `) ? kept.slice(name.length + 2) : '';
  const who = task.reviewers?.[Number(index)]?.agent.name;
  const { remedy } = viewFailure({ name, message });
  return asked(`The agent ${who} could not review the change: ${name}. What now?`, `${message}\n\n${remedy}`.trim());
}
