import { setTimeout as delay } from 'node:timers/promises';
import { DrydockError } from '../../core/errors.ts';
import { isFinal } from '../../core/run/status.ts';
import type { GateView, RunView, WatchItem } from '../../pipeline/service/service.ts';
import { ServerGone } from '../local/control-client.ts';
import type { Session } from '../local/session.ts';
import { isStackSession } from '../remote/options.ts';
import { answerGate } from './decide/answer.ts';
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
  const uninterrupted = onInterrupt(() => {
    progress.end();
    output.err(afterInterrupt(session));
  }, output.live);
  const handled = new Set<string>();
  let queued = false;
  let forParts = false;
  let idleTicks = 0;
  try {
    for await (const item of withTicks(session.watch(runId, stop.signal))) {
      if (item === undefined) {
        // Events of the runs that a queued run or a campaign waits for are not in its stream, so it polls them.
        const gate = forParts ? await gateOfPart(session, runId, handled) : undefined;
        if (gate && (options.yes || canAsk(output))) {
          if (!(await decideAt(gate))) return await session.service.run(runId);
          continue;
        }
        idleTicks = (queued || forParts) && (await session.service.idle()) ? idleTicks + 1 : 0;
        if (idleTicks < minIdleTicks) continue;
        if (gate && !output.json) for (const line of gateLines(gate, output)) output.err(line);
        return await session.service.run(runId);
      }
      progress.show(item);
      if (item.kind !== 'run') continue;
      const { run } = item;
      queued = run.status === 'queued';
      forParts = run.gate?.startsWith(`${runId}.parts.`) === true;
      if (isFinal(run.status)) return await session.service.ended(runId);
      if (run.status !== 'waiting' || run.gate === null || handled.has(run.gate)) continue;
      const gate = await session.service.gate(run.gate);
      if (gate.status !== 'pending') continue;
      if (!options.yes && !canAsk(output)) {
        if (!output.json) for (const line of gateLines(gate, output)) output.err(line);
        return await session.service.run(runId);
      }
      if (!(await decideAt(gate))) return await session.service.run(runId);
    }
  } finally {
    uninterrupted();
    stop.abort();
    progress.end();
  }
  throw new ServerGone(`it no longer runs ${runId}`);

  /** False if the person leaves the gate open. */
  async function decideAt(gate: GateView): Promise<boolean> {
    handled.add(gate.gateId);
    if (options.yes) {
      await voteAsListed(session, gate);
      return true;
    }
    progress.pause();
    if (!(await answerGate(session, gate, output, options.as))) return false;
    progress.resume();
    return true;
  }
}

/** Calls back at Ctrl-C, which then ends the process as it does without a listener. */
function onInterrupt(act: () => void, live: boolean): () => void {
  const listener = (): void => {
    act();
    process.kill(process.pid, 'SIGINT');
  };
  if (live) process.once('SIGINT', listener);
  return () => process.removeListener('SIGINT', listener);
}

function afterInterrupt(session: Session): string {
  if (session.server) return 'Interrupted. The run is kept: type the same command again to go on.';
  const where = isStackSession(session) ? 'in the deployment' : 'in the server process';
  return `The run goes on ${where}. To see it again: drydock watch`;
}

const canAsk = (output: Output): boolean => output.live && process.stdin.isTTY;

/** A gate at which a part of a campaign waits for a person, and which was not handled yet. */
async function gateOfPart(
  { service }: Session,
  runId: string,
  handled: ReadonlySet<string>,
): Promise<GateView | undefined> {
  for (const { gate, status } of (await service.run(runId)).parts ?? []) {
    if (status !== 'waiting' || gate === null || handled.has(gate)) continue;
    const found = await service.gate(gate);
    if (found.status === 'pending') return found;
  }
  return undefined;
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
