import { randomUUID } from 'node:crypto';
import { createGitCodeHost } from '../../adapters/git/code-host.ts';
import { createLocalPhaseRunner } from '../../adapters/local/sandbox/phase-runner.ts';
import { packageRoot } from '../../common/package-info.ts';
import { type ErrorView, viewError, viewFailure } from '../../core/errors.ts';
import type { EffectiveTask } from '../../core/run/effective-task.ts';
import type { PhaseEvent, Refusal } from '../../core/run/phase.ts';
import { phaseLimitsOf, phaseSandboxOf } from '../../pipeline/phases/phase-sandbox.ts';
import { makeDataFolder } from './data-folder.ts';

export interface Preflight {
  ok: boolean;
  /** Whether it ended within its time. */
  ended: boolean;
  seconds: number;
  error?: ErrorView;
  /** What was refused to it. */
  refusals: Refusal[];
}

interface PreflightOptions {
  root: string;
  /** Commit that a run would start from. */
  base: string;
  task: EffectiveTask;
  dataDir: string;
  timeoutMs: number;
  onEvent(event: PhaseEvent): void;
}

/** Does in a sandbox what a run does before its agent: install, build and test the unchanged repository. */
export async function preflight(options: PreflightOptions): Promise<Preflight> {
  const { root, base, task, dataDir, timeoutMs, onEvent } = options;
  const start = performance.now();
  const seconds = (): number => Math.round((performance.now() - start) / 100) / 10;
  const failed = (error: ErrorView, refusals: Refusal[] = []): Preflight => {
    return { ok: false, ended: true, seconds: seconds(), error, refusals };
  };
  const runner = createLocalPhaseRunner({ dataDir, packageRoot: packageRoot() });
  const limits = phaseLimitsOf(task);
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    makeDataFolder(dataDir);
    const host = createGitCodeHost(dataDir);
    const end = await runner.run(
      {
        spec: {
          phaseKey: `preflight/plan/1/${randomUUID()}`,
          runId: 'preflight',
          taskId: task.spec.task_id,
          phase: 'plan',
          base,
          inputs: [],
          prompt: '',
          agent: null,
          sandbox: phaseSandboxOf(task),
          baseline: true,
          knownFailures: task.knownFailures,
          commands: [],
          limits,
        },
        inputs: new Map(),
        baseRepository: await host.exportBase(root, base, task.limits.historyDepth),
        registries: task.egress.registries,
        hosts: task.egress.hosts,
      },
      { signal, onEvent },
    );
    const { refusals } = end;
    if (signal.aborted) return { ok: false, ended: false, seconds: seconds(), refusals };
    const error = end.failure ?? end.result?.error;
    if (error !== undefined) return failed(viewFailure(error), refusals);
    return { ok: true, ended: true, seconds: seconds(), refusals };
  } catch (error) {
    return failed(viewError(error));
  } finally {
    await runner.removed();
  }
}
