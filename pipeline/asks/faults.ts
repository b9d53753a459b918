import type { WorkPatch } from '../../core/ports/store/phases.ts';
import type { PhaseRequest } from '../../core/run/phase-request.ts';
import type { Deps } from '../deps.ts';
import { getText, putText } from '../runs/artifacts.ts';
import type { RunContext } from '../runs/run-context.ts';

/** Faults of the last answer of an agent, by topic and agent; empty if it was taken. */
const nameOf = ({ phase, reviewer }: PhaseRequest): string =>
  `faults:${phase}${reviewer === undefined ? '' : `:${reviewer}`}`;

/** Why the last answer of this agent was not taken; empty if there was none, or if it was taken. */
export async function faultsOf(deps: Deps, { record }: RunContext, request: PhaseRequest): Promise<string> {
  const digest = record.work.results[nameOf(request)];
  return digest === undefined ? '' : getText(deps.artifacts, digest);
}

/** Keeps the faults for the next prompt of this agent; empty once an answer is taken or given up. */
export const keptFaults = async (deps: Deps, request: PhaseRequest, faults: string): Promise<WorkPatch> => ({
  results: { [nameOf(request)]: await putText(deps.artifacts, faults) },
});
