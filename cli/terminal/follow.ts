import { setTimeout as delay } from 'node:timers/promises';
import { DrydockError } from '../../core/errors.ts';
import { isFinal } from '../../core/run/status.ts';
import type { GateView, RunView, WatchItem } from '../../pipeline/service/service.ts';
import { ServerGone } from '../local/control-client.ts';
import type { Session } from '../local/session.ts';
import { askAtGate } from './ask.ts';
import type { Output } from './output.ts';
import { createProgress } from './progress.ts';

interface FollowOptions {
  /** Votes as the listed approvers; never answers a question. */
  yes: boolean;
  as: string;
}

/**
 * Watches a run until it ended, or until it waits for somebody who is not here. Returns the run as it then stands.
 * @throws ServerGone when the process that runs it died.
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
  let queued = false;
  try {
    for await (const item of withQuiet(session.watch(runId, stop.signal))) {
      if (item === undefined) {
        // A queued run hears nothing of the runs it waits for, so it asks whether one of them still goes on.
        if (queued && (await session.service.idle())) return await session.service.run(runId);
        continue;
      }
      progress.show(item);
      if (item.kind !== 'run') continue;
      const { run } = item;
      queued = run.status === 'queued';
      if (isFinal(run.status)) return await session.service.ended(runId);
      if (queued && (await session.service.idle())) return await session.service.run(runId);
      if (run.status !== 'waiting' || run.gate === null || handled.has(run.gate)) continue;
      const gate = await session.service.gate(run.gate);
      if (gate.status !== 'pending') continue;
      handled.add(gate.gateId);
      if (options.yes) {
        await voteAsListed(session, gate);
        continue;
      }
      if (!output.live || !process.stdin.isTTY) return await session.service.run(runId);
      progress.pause();
      if (!(await askAtGate(session, gate, output, options.as))) return await session.service.run(runId);
      progress.resume();
    }
  } finally {
    stop.abort();
    progress.end();
  }
  throw new ServerGone(`nobody runs ${runId} any more`);
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

/** Between two looks of a queued run at the runs it waits for. */
const quietMs = 1_000;

/** The items as they come, and `undefined` whenever none came for a while. */
async function* withQuiet(source: AsyncIterable<WatchItem>): AsyncGenerator<WatchItem | undefined> {
  const items = source[Symbol.asyncIterator]();
  let next = items.next();
  // A reader that leaves early leaves one read behind; its end concerns nobody.
  next.catch(() => undefined);
  for (;;) {
    const result = await Promise.race([next, delay(quietMs, undefined, { ref: false })]);
    if (result?.done) return;
    yield result?.value;
    if (!result) continue;
    next = items.next();
    next.catch(() => undefined);
  }
}
