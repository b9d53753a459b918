import type { Task } from '@aws-sdk/client-ecs';
import { z } from 'zod';
import { defined } from '../../../core/defined.ts';
import type { ModelCall, PhaseResult } from '../../../core/run/phase.ts';
import { emptyEnd, type PhaseEnd } from '../../../core/run/phase-end.ts';
import { type SeenService, withServices } from '../../../core/services/logs.ts';
import { saysNoCapacity } from './capacity.ts';
import { fargateEnforcer } from './enforcer.ts';
import type { PhaseStore } from './store.ts';

/**
 * ECS's event about a stopped task.
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

export interface StoppedTask {
  role: 'gateway' | 'sandbox';
  phaseId: string;
  phaseKey: string;
  attempt: number;
  /** Whether Fargate reclaimed the Spot capacity. */
  interrupted: boolean;
  /** Whether the kernel ended it at its limit of memory. */
  outOfMemory: boolean;
  /** Digest of the image that ran, `sha256:` and 64 hex digits. */
  imageDigest?: string;
  /** A text for people. */
  reason: string;
}
/** ECS's data about the other task, running or stopped. */
interface OtherTask extends Pick<StoppedTask, 'role' | 'interrupted' | 'outOfMemory' | 'imageDigest' | 'reason'> {
  /** Milliseconds: `place` until it had capacity, `pull` of its image, `boot` until it ran. */
  timings?: Record<string, number>;
  /** Containers of services for whose end ECS gives a reason. */
  faults?: { image: string; exitCode: number | null; reason: string }[];
}

type TaskFacts = Pick<Task, 'stopCode' | 'stoppedReason' | 'containers'>;
type Role = StoppedTask['role'];

/** Exit code of a process that SIGKILL ended, and that of Node at the limit of its heap. */
const [killed, aborted] = [137, 134];

/**
 * ECS gives a reason where it saw that the kernel ended a process of the container, sometimes with another exit code or none.
 * Without one, only the kernel ends a container by SIGKILL that nobody stopped. The gateway is Node, which aborts at the limit of
 * its heap, about half of the memory.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/out-of-memory.html
 */
const ranOutOfMemory = (
  role: Role,
  stopCode: string | undefined,
  container: { exitCode?: number | undefined; reason?: string | undefined } | undefined,
): boolean =>
  container?.reason?.startsWith('OutOfMemoryError') === true ||
  (stopCode === 'EssentialContainerExited' &&
    (container?.exitCode === killed || (role === 'gateway' && container?.exitCode === aborted)));

/** Beside the container of its role a task has services, and what the account adds, in any order. */
const factsOf = (role: Role, { stopCode, stoppedReason, containers }: TaskFacts): Omit<OtherTask, 'role'> => {
  const container = containers?.find(({ name }) => name === role);
  const exit = container?.exitCode === undefined ? '' : `exit code ${container.exitCode}`;
  return {
    interrupted: stopCode === 'SpotInterruption',
    outOfMemory: ranOutOfMemory(role, stopCode, container),
    ...defined({ imageDigest: container?.imageDigest }),
    reason: [stopCode, stoppedReason, container?.reason, exit].filter(Boolean).join('; '),
  };
};

/** The sandbox of a phase as ECS describes it, which is possible until an hour after it stopped. */
export const sandboxTask = (task: Task): OtherTask => {
  const { createdAt, pullStartedAt, pullStoppedAt, startedAt } = task;
  const spans = {
    place: [createdAt, pullStartedAt],
    pull: [pullStartedAt, pullStoppedAt],
    boot: [pullStoppedAt, startedAt],
  };
  const timings = Object.entries(spans).flatMap(([name, [from, to]]) =>
    from && to ? [[name, to.getTime() - from.getTime()]] : [],
  );
  return {
    role: 'sandbox',
    ...factsOf('sandbox', task),
    timings: Object.fromEntries(timings) as Record<string, number>,
    faults: (task.containers ?? []).flatMap(({ name, image, exitCode, reason }) =>
      name?.startsWith('service-') === true && reason !== undefined
        ? [{ image: image ?? '', exitCode: exitCode ?? null, reason }]
        : [],
    ),
  };
};

/** @returns `undefined` if the task belongs to no phase. */
export function readStopped(event: unknown): StoppedTask | undefined {
  const parsed = taskEvent.safeParse(event);
  if (!parsed.success) return undefined;
  const { startedBy, containers } = parsed.data.detail;
  const [, phaseId, attempt] = /^(.+\/.+\/\d+)\/(\d+)$/.exec(startedBy) ?? [];
  const role = (['gateway', 'sandbox'] as const).find((each) => containers.some(({ name }) => name === each));
  if (phaseId === undefined || role === undefined) return undefined;
  const facts = factsOf(role, parsed.data.detail as TaskFacts);
  return { role, phaseId, phaseKey: startedBy, attempt: Number(attempt), ...facts };
}

/**
 * The end of a phase whose gateway has stopped: the end that the gateway stored, or `SandboxLost` if it stored none.
 * @param sandbox ECS's data about the sandbox task, if it is still available.
 */
export async function endOfPhase(
  store: Pick<PhaseStore, 'end' | 'calls'>,
  gateway: StoppedTask,
  sandbox: OtherTask | undefined,
): Promise<PhaseEnd> {
  const { phaseKey } = gateway;
  const end = (await store.end(phaseKey)) ?? lost(gateway, await store.calls(phaseKey));
  const failure = end.failure?.name === 'SandboxLost' ? (causeOf(gateway, sandbox) ?? end.failure) : end.failure;
  const image = sandbox?.imageDigest;
  const timings = sandbox?.timings;
  return {
    ...end,
    ...(end.result ? { result: withServices(end.result, seenServices(end.result, sandbox?.faults ?? [])) } : {}),
    ...(failure ? { failure } : {}),
    ...defined({ image }),
    ...(timings && Object.keys(timings).length > 0 ? { timings } : {}),
  };
}

/**
 * Whether a task did not start because the repository has no image of its tag or digest; other failures to pull may pass.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html
 */
export const isImageMissing = (reason: string): boolean => /CannotPullContainerError: .*: not found\b/.test(reason);

/** Why tasks of a phase were lost, if ECS says so: a phase that needs more memory needs it again. */
function causeOf(...tasks: (OtherTask | undefined)[]): PhaseEnd['failure'] {
  for (const task of tasks) {
    if (task?.interrupted === true)
      return {
        name: 'SandboxInterrupted',
        message: `Fargate reclaimed the capacity of the ${task.role}: ${task.reason}`,
      };
    if (task && saysNoCapacity(task.reason)) {
      const message = `ECS had no room for the ${task.role} task: ${task.reason.slice(0, 500)}`;
      return { name: 'CapacityMissing', message };
    }
    if (task && isImageMissing(task.reason)) return { name: 'ImageMissing', message: task.reason };
    if (task?.outOfMemory === true)
      return task.role === 'gateway'
        ? { name: 'GatewayOutOfMemory', message: `The kernel ended the gateway at its limit: ${task.reason}` }
        : { name: 'LimitExceeded', message: `memory_mb: the kernel ended the sandbox at its limit: ${task.reason}` };
  }
  return undefined;
}

/** ECS knows the services by their images, whose digests the result has. */
const seenServices = ({ services = [] }: PhaseResult, faults: NonNullable<OtherTask['faults']>): SeenService[] =>
  services.flatMap(({ name, command }) => {
    const digest = /@sha256:[0-9a-f]{64}$/.exec(command)?.[0];
    const fault = faults.find(({ image }) => digest !== undefined && image.endsWith(digest));
    return fault === undefined ? [] : [{ name, exitCode: fault.exitCode, reason: fault.reason }];
  });

const lost = ({ phaseKey, reason }: StoppedTask, calls: ModelCall[]): PhaseEnd => ({
  ...emptyEnd(phaseKey, fargateEnforcer, {
    name: 'SandboxLost',
    message: `The gateway ended before the phase did: ${reason}`,
  }),
  calls,
});
