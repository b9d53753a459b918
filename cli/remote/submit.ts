import type { Submitted } from '../../pipeline/commands/submit.ts';
import type { RunView } from '../../pipeline/service/service.ts';
import { follow } from '../terminal/follow.ts';
import type { Output } from '../terminal/output.ts';
import { asDuplicate, type Outcome, sayAttempt } from '../terminal/summary.ts';
import type { StackSession } from './session.ts';

/** A submission to a deployment, which determines requester and policy itself. */
interface StackRequest {
  file: string;
  bytes: Uint8Array;
  attempt?: number;
  dryRun: boolean;
  agent?: string;
}

/** Submits a spec and follows the run until it ends, or until it waits for a person who cannot answer here. */
export async function runOnStack(
  session: StackSession,
  request: StackRequest,
  output: Output,
  detach: boolean,
): Promise<Outcome> {
  const { runId, outcome, ...next } = (await session.call('submit', [request])) as Submitted;
  if (outcome === 'duplicate') return asDuplicate(await session.service.run(runId));
  sayAttempt(output, next);
  return followOnStack(session, runId, output, detach);
}

/** Starts the next attempt of an ended run and follows it. */
export async function retryOnStack(
  session: StackSession,
  reference: string,
  output: Output,
  detach: boolean,
): Promise<RunView> {
  const { runId } = (await session.call('retry', [reference])) as Submitted;
  return followOnStack(session, runId, output, detach);
}

/** Starts a run that asks an agent for one answer, and follows it. */
export async function askOnStack(
  session: StackSession,
  method: 'draft' | 'split',
  request: Record<string, unknown>,
  output: Output,
  detach: boolean,
): Promise<RunView> {
  const { runId } = (await session.call(method, [request])) as Submitted;
  return followOnStack(session, runId, output, detach);
}

const followOnStack = (session: StackSession, runId: string, output: Output, detach: boolean): Promise<RunView> =>
  detach ? session.service.run(runId) : follow(session, runId, output, { yes: false, as: '' });
