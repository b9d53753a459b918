import { z } from 'zod';
import type { ModelCall, PhaseEnd } from '../../../core/run/phase.ts';
import type { PhaseStore } from './store.ts';

/**
 * What ECS says of a task that stopped.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
 */
const taskEvent = z.object({
  detail: z.object({
    lastStatus: z.literal('STOPPED'),
    startedBy: z.string(),
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

export const stoppedTask = z.strictObject({
  role: z.enum(['gateway', 'sandbox']),
  phaseId: z.string(),
  phaseKey: z.string(),
  tries: z.int().positive(),
  /** Fargate took the capacity back. */
  interrupted: z.boolean(),
  /** What ECS ran, `sha256:` and 64 hex. */
  imageDigest: z.string().optional(),
  /** For people. */
  why: z.string(),
});
export type StoppedTask = z.infer<typeof stoppedTask>;

/** Undefined for a task that is of no phase. */
export function readStopped(event: unknown): StoppedTask | undefined {
  const parsed = taskEvent.safeParse(event);
  if (!parsed.success) return undefined;
  const { startedBy, stopCode, stoppedReason, containers } = parsed.data.detail;
  const [, phaseId, tries] = /^(.+\/.+\/\d+)\/(\d+)$/.exec(startedBy) ?? [];
  const [container] = containers;
  const role = container?.name;
  if (phaseId === undefined || (role !== 'gateway' && role !== 'sandbox')) return undefined;
  const exit = container?.exitCode === undefined ? '' : `exit code ${container.exitCode}`;
  return {
    role,
    phaseId,
    phaseKey: startedBy,
    tries: Number(tries),
    interrupted: stopCode === 'SpotInterruption',
    ...(container?.imageDigest === undefined ? {} : { imageDigest: container.imageDigest }),
    why: [stopCode, stoppedReason, container?.reason, exit].filter(Boolean).join('; '),
  };
}

/**
 * The end of a phase whose gateway has stopped: what it stored, or, where it did not live to, that it is lost. That Fargate
 * took the capacity back is known here and not inside.
 * @param sandbox what ECS said of the other task, where it has stopped too.
 */
export async function endOfPhase(
  store: Pick<PhaseStore, 'end' | 'calls'>,
  gateway: StoppedTask,
  sandbox: StoppedTask | undefined,
): Promise<PhaseEnd> {
  const { phaseKey } = gateway;
  const end = (await store.end(phaseKey)) ?? lost(gateway, await store.calls(phaseKey));
  const back = [gateway, sandbox].find((task) => task?.interrupted);
  const failure =
    end.failure?.name === 'SandboxLost' && back
      ? { name: 'SandboxInterrupted', message: `Fargate took the ${back.role} back: ${back.why}` }
      : end.failure;
  const image = sandbox?.imageDigest;
  return { ...end, ...(failure ? { failure } : {}), ...(image === undefined ? {} : { image }) };
}

const lost = ({ phaseKey, why }: StoppedTask, calls: ModelCall[]): PhaseEnd => ({
  phaseKey,
  failure: { name: 'SandboxLost', message: `The gateway ended before the phase did: ${why}` },
  calls,
  refusals: [],
  traffic: [],
  artifacts: new Map(),
  enforcer: 'fargate',
  ms: 0,
});
