import { z } from 'zod';
import type { PhaseEnd } from '../../../core/run/phase.ts';
import type { PhaseRole } from './launcher.ts';

/**
 * What ECS says of a task that stopped.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
 */
const taskEvent = z.object({
  detail: z.object({
    lastStatus: z.literal('STOPPED'),
    startedBy: z.string(),
    group: z.string(),
    stopCode: z.string().optional(),
    stoppedReason: z.string().optional(),
    containers: z.array(
      z.object({
        name: z.string(),
        exitCode: z.int().optional(),
        reason: z.string().optional(),
        imageDigest: z.string().optional(),
      }),
    ),
  }),
});

export interface StoppedTask {
  role: PhaseRole;
  phaseId: string;
  phaseKey: string;
  tries: number;
  /** Fargate took the capacity back. */
  interrupted: boolean;
  /** What ECS ran, `sha256:` and 64 hex. */
  imageDigest?: string;
  /** For people. */
  why: string;
}

/** Undefined for a task that is of no phase. */
export function readStopped(event: unknown): StoppedTask | undefined {
  const parsed = taskEvent.safeParse(event);
  if (!parsed.success) return undefined;
  const { startedBy, group, stopCode, stoppedReason, containers } = parsed.data.detail;
  const [container] = containers;
  const tries = Number(/^\/(\d+)$/.exec(group.slice(startedBy.length))?.[1]);
  const role = container?.name;
  if (!group.startsWith(`${startedBy}/`) || !(tries > 0) || (role !== 'gateway' && role !== 'sandbox'))
    return undefined;
  const exit = container?.exitCode === undefined ? '' : `exit code ${container.exitCode}`;
  return {
    role,
    phaseId: startedBy,
    phaseKey: group,
    tries,
    interrupted: stopCode === 'SpotInterruption',
    ...(container?.imageDigest === undefined ? {} : { imageDigest: container.imageDigest }),
    why: [stopCode, stoppedReason, container?.reason, exit].filter(Boolean).join('; '),
  };
}

/** The end of a phase whose gateway left none. */
export const lostPhase = (task: StoppedTask, calls: PhaseEnd['calls']): PhaseEnd => ({
  phaseKey: task.phaseKey,
  failure: task.interrupted
    ? { name: 'SandboxInterrupted', message: `Fargate took the ${task.role} back: ${task.why}` }
    : { name: 'SandboxLost', message: `The ${task.role} ended before the phase did: ${task.why}` },
  calls,
  refusals: [],
  traffic: [],
  artifacts: new Map(),
  enforcer: 'fargate',
  ms: 0,
});
