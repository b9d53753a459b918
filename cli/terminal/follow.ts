import { DrydockError } from '../../core/errors.ts';
import { isFinal } from '../../core/run/record.ts';
import type { GateView, RunView } from '../../pipeline/service/service.ts';
import { OwnerGone } from '../local/control-client.ts';
import type { Session } from '../local/session.ts';
import { askAtGate } from './ask.ts';
import type { Output } from './output.ts';
import { createProgress } from './progress.ts';

export interface FollowOptions {
  /** Votes as the listed approvers; never answers a question. */
  yes: boolean;
  as: string;
}

/**
 * Watches a run until it ended, or until it waits for somebody who is not here. Returns the run as it then stands.
 * @throws OwnerGone when the process that runs it died.
 */
export async function follow(
  session: Session,
  runId: string,
  output: Output,
  options: FollowOptions,
): Promise<RunView> {
  const progress = createProgress(output);
  const stop = new AbortController();
  const handled = new Set<string>();
  try {
    for await (const item of session.watch(runId, stop.signal)) {
      progress.show(item);
      if (item.kind !== 'run') continue;
      const { run } = item;
      if (isFinal(run.status)) return await session.service.ended(runId);
      if (run.status === 'queued' && (await session.service.idle())) return await session.service.run(runId);
      if (run.status !== 'waiting' || run.gate === null || handled.has(run.gate)) continue;
      const gate = await session.service.gate(run.gate);
      if (gate.status !== 'pending') continue;
      handled.add(gate.gateId);
      progress.pause();
      if (options.yes) await voteAsListed(session, gate);
      else if (output.live && process.stdin.isTTY) await askAtGate(session, gate, output, options.as);
      else return await session.service.run(runId);
    }
  } finally {
    stop.abort();
    progress.end();
  }
  throw new OwnerGone(`nobody runs ${runId} any more`);
}

/** The same code as a person's vote, for each listed approver other than the requester, as many as are needed. */
async function voteAsListed(session: Session, gate: GateView): Promise<void> {
  if (gate.needsPerson) return session.service.needsPerson(gate.gateId);
  for (const who of gate.approvers.filter((person) => gate.solo || person !== gate.requester)) {
    if (gate.approvals.includes(who)) continue;
    try {
      const after = await session.service.vote({
        gate: gate.gateId,
        who,
        choice: 'approve',
        text: '--yes',
        head: gate.head,
      });
      if (after.status === 'decided') return;
    } catch (error) {
      // Somebody else voted meanwhile; what they decided stands.
      if (!(error instanceof DrydockError) || (error.name !== 'VoteRefused' && error.name !== 'GateClosed'))
        throw error;
    }
  }
}
