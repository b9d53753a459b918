import { setTimeout as delay } from 'node:timers/promises';
import { DrydockError } from '../../core/errors.ts';
import { isFinal } from '../../core/run/status.ts';
import type { GateView, RunView, WatchItem } from '../../pipeline/service/service.ts';
import { ServerGone } from '../local/control-client.ts';
import type { Session } from '../local/session.ts';
import { askAtGate } from './ask.ts';
import { gateLines } from './gate.ts';
import type { Output } from './output.ts';
import { createProgress } from './progress.ts';

interface FollowOptions {
  /** Votes as the listed approvers; never answers a question. */
  yes: boolean;
  as: string;
}

/**
 * Watches a run until it ends, or until it waits for a person who cannot answer here. Returns the current run.
 * @throws ServerGone when the server process of the run ended.
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
  let idleTicks = 0;
  try {
    for await (const item of withTicks(session.watch(runId, stop.signal))) {
      if (item === undefined) {
        // Events of the runs that a queued run waits for are not in its stream, so it polls whether one is still
        // active.
        idleTicks = queued && (await session.service.idle()) ? idleTicks + 1 : 0;
        if (idleTicks >= minIdleTicks) return await session.service.run(runId);
        continue;
      }
      progress.show(item);
      if (item.kind !== 'run') continue;
      const { run } = item;
      queued = run.status === 'queued';
      if (isFinal(run.status)) return await session.service.ended(runId);
      if (run.status !== 'waiting' || run.gate === null || handled.has(run.gate)) continue;
      const gate = await session.service.gate(run.gate);
      if (gate.status !== 'pending') continue;
      handled.add(gate.gateId);
      if (options.yes) {
        await voteAsListed(session, gate);
        continue;
      }
      if (!output.live || !process.stdin.isTTY) {
        if (!output.json) for (const line of gateLines(gate, output)) output.err(line);
        return await session.service.run(runId);
      }
      progress.pause();
      if (!(await askAtGate(session, gate, output, options.as))) return await session.service.run(runId);
      progress.resume();
    }
  } finally {
    stop.abort();
    progress.end();
  }
  throw new ServerGone(`it no longer runs ${runId}`);
}

/**
 * Votes as the listed approvers other than the requester, until enough votes are cast; uses the path of a person's
 * vote.
 */
async function voteAsListed(session: Session, gate: GateView): Promise<void> {
  if (gate.needsPerson) return session.service.needsPerson(gate.gateId);
  const barred = [gate.requester, ...(gate.barred ?? [])];
  for (const who of gate.approvers.filter((person) => gate.solo || !barred.includes(person))) {
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
      // Another person voted in the meantime; that decision stands.
      if (!(error instanceof DrydockError) || (error.name !== 'VoteRefused' && error.name !== 'GateClosed'))
        throw error;
    }
  }
}

/** Interval at which a queued run checks the runs it waits for. */
const tickMs = 1_000;

/** A run that `--yes` votes for from another terminal waits at its gate for a moment only, which is not the end. */
const minIdleTicks = 2;

/** The items of a source, and `undefined` after each interval without one. */
async function* withTicks(source: AsyncIterable<WatchItem>): AsyncGenerator<WatchItem | undefined> {
  const items = source[Symbol.asyncIterator]();
  let next = items.next();
  // When the caller leaves the loop early, one read stays pending; its rejection must not count as unhandled.
  next.catch(() => undefined);
  for (;;) {
    const result = await Promise.race([next, delay(tickMs, undefined, { ref: false })]);
    if (result?.done) return;
    yield result?.value;
    if (!result) continue;
    next = items.next();
    next.catch(() => undefined);
  }
}
