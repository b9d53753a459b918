/** Tasks of more than one container: what ECS says is of the container that has the role, wherever it stands. */
import { expect, test } from 'vitest';
import { endOfPhase, readStopped, sandboxTask } from '../../../../adapters/aws/phases/stopped.ts';
import type { PhaseEnd } from '../../../../core/run/phase-end.ts';

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
    reason: '',
  };
  const judged = await endOfPhase(store, gateway, sandboxTask({ containers }));
  expect(judged.image).toBe(digest('a'));
  expect(judged.result?.error?.message).toBe(
    'red\nThe service db ended with 137. OutOfMemoryError: Container killed due to memory usage',
  );
  expect(judged.result?.services).toMatchObject([{ exitCode: 137 }, { exitCode: null }]);
});
