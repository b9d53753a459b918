import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { RunView } from '../../../pipeline/service/service.ts';
import { action, type CommonOptions, dataOption, withSession } from '../../command.ts';
import type { Session } from '../../local/session.ts';
import { stackFlags } from '../../remote/options.ts';
import type { Board } from '../../terminal/board.ts';
import { allUnfinished } from './parts.ts';

/** A live run. */
type Run = Omit<RunView, 'events'>;

/** Milliseconds between two looks for runs that have started, or for a server process where none is. */
const lookMs = 2_000;

export function register(program: Command): void {
  const command = stackFlags(
    program
      .command('watch')
      .description('follow all live runs until Ctrl-C')
      .option(...dataOption)
      .option('--once', 'print the live runs and end'),
  ).addHelpText(
    'after',
    `
Examples:
  drydock watch
  drydock watch --once
  drydock watch --json         one JSON document a line: {"runId","taskId","item"}, and {"runs"} when the live runs change

Exit code: 0. A run that waits for a person is live too; \`drydock inbox\` lists the decisions.`,
  );
  action<[], CommonOptions & { once?: boolean }>(command, async (output, options) => {
    const { createBoard } = await import('../../terminal/board.ts');
    if (options.once) {
      const runs = await withSession(options, ({ service }) => allUnfinished(service));
      createBoard(output, true).runs(runs);
      return 0;
    }
    await follow(options, createBoard(output, false));
    return 0;
  });
}

/** Follows until Ctrl-C. */
async function follow(options: CommonOptions, board: Board): Promise<void> {
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once('SIGINT', interrupt);
  try {
    for (let said = false; !stop.signal.aborted; ) {
      await withSession(options, async (session) => {
        if (!session.server) return followSession(session, board, stop.signal);
        // Nothing runs without a server process, and a session of our own would keep one from starting.
        board.runs(await allUnfinished(session.service));
        if (!said) board.note('No server process runs, so nothing goes on until `drydock run` or `drydock serve`.');
        said = true;
      });
      await delay(lookMs, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  } finally {
    process.removeListener('SIGINT', interrupt);
    board.end();
  }
}

/** Follows the runs of a server process or a deployment until it ends, or until the signal. */
async function followSession(session: Session, board: Board, stop: AbortSignal): Promise<void> {
  const gone = new AbortController();
  const signal = AbortSignal.any([stop, gone.signal]);
  const followed = new Map<string, Promise<void>>();
  try {
    while (!signal.aborted) {
      const runs = await allUnfinished(session.service);
      board.runs(runs);
      for (const run of runs)
        if (!followed.has(run.runId))
          followed.set(
            run.runId,
            followRun(session, run, board, signal, () => gone.abort()),
          );
      await delay(lookMs, undefined, { signal }).catch(() => undefined);
    }
  } catch (error) {
    // The server process has ended; another one may start.
    const { ServerGone } = await import('../../local/control-client.ts');
    if (!(error instanceof ServerGone)) throw error;
  } finally {
    gone.abort();
    await Promise.all(followed.values());
  }
}

async function followRun(session: Session, run: Run, board: Board, stop: AbortSignal, lost: () => void): Promise<void> {
  const { isFinal } = await import('../../../core/run/status.ts');
  const end = new AbortController();
  try {
    for await (const item of session.watch(run.runId, AbortSignal.any([stop, end.signal]))) {
      board.show(run, item);
      if (item.kind === 'run' && isFinal(item.run.status)) end.abort();
    }
  } catch {
    if (!stop.aborted && !end.signal.aborted) lost();
  }
}
