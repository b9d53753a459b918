import { DrydockError } from '../../core/errors.ts';
import type { PhaseLauncher } from '../../core/ports/runtime/launcher.ts';
import type { PhaseJob, PhaseOrder, PhaseRunner } from '../../core/ports/runtime/phase-runner.ts';
import type { ModelCall, PhaseEvent } from '../../core/run/phase.ts';
import { emptyEnd, type PhaseEnd } from '../../core/run/phase-end.ts';

/**
 * Launches phases as children of this process and reports their ends. What is still running when this process dies
 * dies with it, and is launched again as the next try by whoever takes the run up.
 */
export function createLocalLauncher(
  runner: PhaseRunner,
  prepare: (order: PhaseOrder) => Promise<PhaseJob>,
  report: {
    event(runId: string, phaseId: string, event: PhaseEvent): void;
    end(phaseId: string, attempt: number, end: PhaseEnd): Promise<void>;
    /** What must not be lost silently: an end that could not be settled. */
    fault(phaseId: string, error: unknown): void;
  },
  /** The meter of a try, which outlives gateway and owner. */
  meterOf: (phaseKey: string) => ModelCall[],
): PhaseLauncher & { stopAll(): Promise<void> } {
  const running = new Map<string, { attempt: number; abort: AbortController; done: Promise<void> }>();

  const run = async (job: PhaseJob, phaseId: string, attempt: number, signal: AbortSignal): Promise<void> => {
    let end: PhaseEnd;
    try {
      if (signal.aborted) throw new DrydockError('Cancelled', 'The phase was stopped before it began.');
      end = await runner.run(job, { signal, onEvent: (event) => report.event(job.spec.runId, phaseId, event) });
    } catch (error) {
      end = failedToStart(job.spec.phaseKey, error);
    }
    if (!signal.aborted || signal.reason !== 'owner-gone') await report.end(phaseId, attempt, end);
  };

  return {
    async launch(order, { phaseId, attempt }) {
      if (running.get(phaseId)?.attempt === attempt) return;
      const job = await prepare(order);
      const before = running.get(phaseId);
      if (before?.attempt === attempt) return;
      const abort = new AbortController();
      // Reporting the end of one try may launch the next: that one begins when the earlier is done.
      const done = (before?.done ?? Promise.resolve())
        .then(() => run(job, phaseId, attempt, abort.signal))
        .catch((error: unknown) => report.fault(phaseId, error))
        .finally(() => {
          if (running.get(phaseId)?.abort === abort) running.delete(phaseId);
        });
      running.set(phaseId, { attempt, abort, done });
    },
    async stop({ phaseId }) {
      const phase = running.get(phaseId);
      phase?.abort.abort('stopped');
      await phase?.done;
    },
    // What a child of a dead owner did is gone with it.
    left: async () => undefined,
    calls: async (phaseKey) => meterOf(phaseKey),
    isRunning: async ({ phaseId }) => running.has(phaseId),
    async stopAll() {
      const all = [...running.values()];
      for (const { abort } of all) abort.abort('owner-gone');
      await Promise.all(all.map(({ done }) => done));
    },
  };
}

const failedToStart = (phaseKey: string, error: unknown): PhaseEnd =>
  emptyEnd(phaseKey, 'none', {
    name: error instanceof Error ? error.name : 'SandboxLost',
    message: error instanceof Error ? error.message : String(error),
  });
