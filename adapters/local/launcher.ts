import { DrydockError } from '../../core/errors.ts';
import type { PhaseLauncher } from '../../core/ports/runtime/launcher.ts';
import type { PhaseInbox } from '../../core/ports/runtime/phase-inbox.ts';
import type { PhaseJob, PhaseOrder, PhaseRunner } from '../../core/ports/runtime/phase-runner.ts';
import type { Remark } from '../../core/remark/remark.ts';
import type { ModelCall, PhaseEvent } from '../../core/run/phase.ts';
import { emptyEnd, type PhaseEnd } from '../../core/run/phase-end.ts';

/**
 * Launches phases as child processes and reports their ends. Phases that run when this process ends are lost; the next
 * server process that resumes the run launches them again as a new attempt.
 */
export function createLocalLauncher(
  runner: PhaseRunner,
  prepare: (order: PhaseOrder) => Promise<PhaseJob>,
  report: {
    event(runId: string, phaseId: string, event: PhaseEvent): void;
    end(phaseId: string, attempt: number, end: PhaseEnd): Promise<void>;
    /** Called with an error that must not be lost silently: the end of a phase could not be reported. */
    fault(phaseId: string, error: unknown): void;
  },
  /** The metered calls of an attempt; the log survives the gateway and this process. */
  meterOf: (phaseKey: string) => ModelCall[],
): PhaseLauncher &
  PhaseInbox & {
    /** Ends the running phases without a report, and starts none from then on: this process ends. */
    stopAll(): Promise<void>;
  } {
  interface Running {
    attempt: number;
    abort: AbortController;
    done: Promise<void>;
    remarks: readonly Remark[];
    listener?: (remarks: readonly Remark[]) => void;
  }
  const running = new Map<string, Running>();

  let closing = false;

  const run = async (job: PhaseJob, phaseId: string, attempt: number, signal: AbortSignal): Promise<void> => {
    let end: PhaseEnd;
    try {
      if (signal.aborted) throw new DrydockError('Cancelled', 'The phase was stopped before it began.');
      end = await runner.run(job, {
        signal,
        onEvent: (event) => report.event(job.spec.runId, phaseId, event),
        hear(listener) {
          const phase = running.get(phaseId);
          if (phase?.attempt !== attempt) return;
          phase.listener = listener;
          listener(phase.remarks);
        },
      });
    } catch (error) {
      end = failedToStart(job.spec.phaseKey, error);
    }
    if (!signal.aborted || signal.reason !== 'server-closed') await report.end(phaseId, attempt, end);
  };

  return {
    async launch(order, { phaseId, attempt }) {
      if (running.get(phaseId)?.attempt === attempt) return;
      const job = await prepare(order);
      // Neither success nor failure: the engine closes without a record of this step, and its next process repeats it.
      if (closing) return new Promise<never>(() => undefined);
      const before = running.get(phaseId);
      if (before?.attempt === attempt) return;
      const abort = new AbortController();
      // The report of an end may launch the next attempt, which starts after the report is complete.
      const done = (before?.done ?? Promise.resolve())
        .then(() => run(job, phaseId, attempt, abort.signal))
        .catch((error: unknown) => report.fault(phaseId, error))
        .finally(() => {
          if (running.get(phaseId)?.abort === abort) running.delete(phaseId);
        });
      running.set(phaseId, { attempt, abort, done, remarks: [] });
    },
    async deliver({ phaseId, attempt }, remarks) {
      const phase = running.get(phaseId);
      if (phase?.attempt !== attempt) return;
      phase.remarks = remarks;
      phase.listener?.(remarks);
    },
    async stop({ phaseId }) {
      const phase = running.get(phaseId);
      phase?.abort.abort('stopped');
      await phase?.done;
    },
    // The work of a child process is lost with its server process.
    left: async () => undefined,
    calls: async (phaseKey) => meterOf(phaseKey),
    active: async () => new Set([...running].map(([phaseId, { attempt }]) => `${phaseId}/${attempt}`)),
    isRunning: async ({ phaseId }) => running.has(phaseId),
    async stopAll() {
      closing = true;
      const all = [...running.values()];
      for (const { abort } of all) abort.abort('server-closed');
      await Promise.all(all.map(({ done }) => done));
    },
  };
}

const failedToStart = (phaseKey: string, error: unknown): PhaseEnd =>
  emptyEnd(phaseKey, 'none', {
    name: error instanceof Error ? error.name : 'SandboxLost',
    message: error instanceof Error ? error.message : String(error),
    ...(error instanceof DrydockError ? { remedy: error.remedy } : {}),
  });
