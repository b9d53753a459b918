/** Tasks of more than one container: what ECS says is of the container that has the role, wherever it stands. */
import { describe, expect, test } from 'vitest';
import { endOfPhase, readStopped, sandboxTask } from '../../../../adapters/aws/phases/stopped.ts';
import { errorKinds } from '../../../../core/errors.ts';
import { emptyEnd, type PhaseEnd } from '../../../../core/run/phase-end.ts';
import { lostSandbox } from '../../../../pipeline/machine/retries.ts';

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
const containers = [
  { name: 'aws-guardduty-agent', imageDigest: digest('9') },
  {
    name: 'service-1',
    exitCode: 137,
    reason: 'OutOfMemoryError: Container killed due to memory usage',
    image: `1.dkr.ecr/x@${digest('d')}`,
  },
  { name: 'sandbox', exitCode: 0, imageDigest: digest('a') },
  { name: 'service-2', exitCode: 143, image: `1.dkr.ecr/x@${digest('e')}` },
];

test('a stopped sandbox is recognized among services and what the account adds', () => {
  const stopped = readStopped({ detail: { lastStatus: 'STOPPED', startedBy: 'r-1/verify/1/2', containers } });
  expect(stopped).toMatchObject({ role: 'sandbox', phaseId: 'r-1/verify/1', attempt: 2, imageDigest: digest('a') });
  expect(stopped?.reason).toBe('exit code 0');
});

test.each([
  [
    'TaskFailedToStart',
    "Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-1': InsufficientFreeAddressesInSubnet",
    'CapacityMissing',
  ],
  ['TaskFailedToStart', 'Timeout waiting for network interface provisioning to complete.', 'CapacityMissing'],
  [
    'TaskFailedToStart',
    'Capacity is unavailable at this time. Please try again later or in a different availability zone',
    'CapacityMissing',
  ],
  ['SpotInterruption', 'Your Spot Task was interrupted.', 'SandboxInterrupted'],
  ['TaskFailedToStart', 'CannotPullContainerError: no such image', 'SandboxLost'],
  ['EssentialContainerExited', 'Essential container in task exited', 'SandboxLost'],
])('F8 a task that stopped with %s (%s) ends its phase as %3$s', async (stopCode, stoppedReason, name) => {
  const detail = { lastStatus: 'STOPPED', startedBy: 'r-1/build/1/1', stopCode, stoppedReason };
  const gateway = readStopped({ detail: { ...detail, containers: [{ name: 'gateway' }] } });
  if (!gateway) throw new Error('not recognized');
  const nothing = { end: async () => undefined, calls: async () => [] };
  expect((await endOfPhase(nothing, gateway, undefined)).failure?.name).toBe(name);
  const quiet = { ...gateway, interrupted: false, reason: 'exit code 0' };
  const sandbox = sandboxTask({
    stopCode: stopCode as 'TaskFailedToStart',
    stoppedReason,
    containers: [{ name: 'sandbox' }],
  });
  expect((await endOfPhase(nothing, quiet, sandbox)).failure?.name).toBe(name);
});

test('a service for whose end ECS gives a reason is named with it where the phase failed', async () => {
  const end: PhaseEnd = {
    phaseKey: 'r-1/verify/1/2',
    calls: [],
    refusals: [],
    traffic: [],
    artifacts: new Map(),
    enforcer: 'fargate',
    ms: 1,
    result: {
      phaseKey: 'r-1/verify/1/2',
      outcome: 'failed',
      error: { name: 'BaselineRed', message: 'red' },
      changeSet: false,
      commands: [],
      versions: {},
      timings: {},
      services: [
        { name: 'db', command: `pg@${digest('d')}`, exitCode: null, ms: 1, output: '' },
        { name: 'cache', command: `redis@${digest('e')}`, exitCode: null, ms: 1, output: '' },
      ],
    },
  };
  const store = { end: async () => end, calls: async () => [] };
  const gateway = {
    role: 'gateway' as const,
    phaseId: 'r-1/verify/1',
    phaseKey: end.phaseKey,
    attempt: 2,
    interrupted: false,
    outOfMemory: false,
    reason: '',
  };
  const judged = await endOfPhase(store, gateway, sandboxTask({ containers }));
  expect(judged.image).toBe(digest('a'));
  expect(judged.result?.error?.message).toBe(
    'red\nThe service db ended with 137. OutOfMemoryError: Container killed due to memory usage',
  );
  expect(judged.result?.services).toMatchObject([{ exitCode: 137 }, { exitCode: null }]);
});

/**
 * Recorded forms of an end for lack of memory.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/out-of-memory.html gives the reason;
 * https://github.com/transcom/mymove/pull/11213 a task as `describe-tasks` prints it; https://github.com/aws/amazon-ecs-agent/issues/5135
 * one without an exit code, https://github.com/aws/amazon-ecs-agent/issues/2467 one with 0.
 */
const outOfMemory = 'OutOfMemoryError: Container killed due to memory usage';
const essential = { stopCode: 'EssentialContainerExited', stoppedReason: 'Essential container in task exited' };
const by = { stopCode: 'UserInitiated', stoppedReason: 'the phase was stopped' };

describe.each<[string, Record<string, unknown>, Record<string, unknown>, string]>([
  ['the gateway, with its reason', { ...essential, exitCode: 137, reason: outOfMemory }, by, 'GatewayOutOfMemory'],
  ['the gateway, without one', { ...essential, exitCode: 137 }, by, 'GatewayOutOfMemory'],
  ['the gateway, at the limit of its heap', { ...essential, exitCode: 134 }, by, 'GatewayOutOfMemory'],
  ['the gateway, without an exit code', { ...essential, reason: outOfMemory }, by, 'GatewayOutOfMemory'],
  ['the gateway, stopped and killed as it did not end', { ...by, exitCode: 137 }, by, 'SandboxLost'],
  ['the gateway, with another code', { ...essential, exitCode: 1 }, by, 'SandboxLost'],
  ['the sandbox', { ...by, exitCode: 0 }, { ...essential, exitCode: 137, reason: outOfMemory }, 'LimitExceeded'],
  ['the sandbox, without a reason', { ...by, exitCode: 0 }, { ...essential, exitCode: 137 }, 'LimitExceeded'],
  [
    'the sandbox, by Fargate',
    { ...by, exitCode: 0 },
    { ...essential, stopCode: 'SpotInterruption', exitCode: 137 },
    'SandboxInterrupted',
  ],
])('the end of %s', (_, ofGateway, ofSandbox, name) => {
  const task = (role: string, { stopCode, stoppedReason, ...container }: Record<string, unknown>) => ({
    stopCode,
    stoppedReason,
    containers: [containers[0], { name: role, imageDigest: digest('a'), ...container }],
  });
  const store = { end: async () => undefined, calls: async () => [] };

  test(`is ${name}, which ${name.startsWith('Sandbox') ? 'is tried again' : 'is not tried again'}`, async () => {
    const detail = { lastStatus: 'STOPPED', startedBy: 'r-1/build/1/1', ...task('gateway', ofGateway) };
    const gateway = readStopped({ detail });
    if (!gateway) throw new Error('not read');
    const { failure } = await endOfPhase(store, gateway, sandboxTask(task('sandbox', ofSandbox) as never));
    expect(failure?.name).toBe(name);
    expect(lostSandbox.ErrorEquals.includes(name)).toBe(name.startsWith('Sandbox'));
    if (name === 'GatewayOutOfMemory') expect(errorKinds[name].remedy).toContain('sandbox.gateway.memory_mb');
    if (name === 'LimitExceeded') expect(failure?.message).toMatch(/^memory_mb: /);
  });
});

test('a result that came before the kernel ended something counts', async () => {
  const end: PhaseEnd = { ...emptyEnd('r-1/build/1/1', 'fargate', { name: 'x', message: '' }) };
  delete end.failure;
  const detail = { lastStatus: 'STOPPED', startedBy: 'r-1/build/1/1', containers: [{ name: 'gateway', exitCode: 0 }] };
  const gateway = readStopped({ detail });
  if (!gateway) throw new Error('not read');
  const sandbox = sandboxTask({
    ...essential,
    containers: [{ name: 'sandbox', exitCode: 0, reason: outOfMemory }],
  } as never);
  const judged = await endOfPhase({ end: async () => end, calls: async () => [] }, gateway, sandbox);
  expect(judged.failure).toBeUndefined();
});
