import { type ECSClient, ListTasksCommand, StopTaskCommand } from '@aws-sdk/client-ecs';
import type { PhaseAttempt, PhaseLauncher } from '../../../core/ports/runtime/launcher.ts';

/** Finds the tasks of phases by their `startedBy`, and stops them. */
export interface Stopper extends Pick<PhaseLauncher, 'stop'> {
  /** ARNs of the tasks of a phase that run. */
  running(phase: PhaseAttempt): Promise<string[]>;
  stopTasks(arns: string[], reason: string): Promise<void>;
}

/** @param cluster ARN. */
export function createStopper(client: ECSClient, cluster: string): Stopper {
  const stopper: Stopper = {
    running: async ({ phaseId, attempt }) =>
      (await client.send(new ListTasksCommand({ cluster, startedBy: `${phaseId}/${attempt}` }))).taskArns ?? [],
    async stopTasks(arns, reason) {
      for (const task of arns) await client.send(new StopTaskCommand({ cluster, task, reason }));
    },
    stop: async (phase) => stopper.stopTasks(await stopper.running(phase), 'the phase was stopped'),
  };
  return stopper;
}
