import type { WorkPatch } from '../../core/ports/store/phases.ts';
import type { Deps } from '../deps.ts';
import type { PhaseAnswer } from '../payloads.ts';
import { getText, putText } from '../runs/artifacts.ts';
import type { RunContext } from '../runs/run-context.ts';

/** Begins the text of a failure for which no further round is spent. */
export const unchanged = 'The change and its failure are the same as in the round before';

/**
 * The answer and the record of a change that Verify or the guard refused. If the same change failed in the same way in
 * the round before, another round would be spent for nothing: `approval` asks a person instead.
 */
export async function failedVerify(
  deps: Deps,
  { record }: RunContext,
  reason: string,
  text: string,
  /** What a person can do about it, which the agent is not told. */
  remedy = '',
): Promise<{ answer: PhaseAnswer; patch: WorkPatch }> {
  const { results, changeSet } = record.work;
  const failedAs = await putText(deps.artifacts, `${changeSet?.manifest}\n${comparable(text)}`);
  const again = results.failedAs === failedAs;
  const agentFailure = results.agentFailure === undefined ? '' : await getText(deps.artifacts, results.agentFailure);
  const whole = agentFailure === '' ? text : `${text}\n\n${agentFailure}`;
  const forPeople = remedy === '' ? whole : `${whole}\n\n${remedy}`;
  return {
    answer: { outcome: 'failed', approval: again, reason },
    patch: {
      feedback: [await putText(deps.artifacts, whole)],
      results: { failedAs, failure: await putText(deps.artifacts, again ? `${unchanged}.\n${forPeople}` : forPeople) },
    },
  };
}

/** Durations, ports, process ids and names of temporary files differ from run to run. */
const comparable = (text: string): string => text.replace(/[0-9a-f]{8,}|\d+/gi, '#');
