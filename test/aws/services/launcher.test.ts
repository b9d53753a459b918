import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { ECSClient } from '@aws-sdk/client-ecs';
import { S3Client } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, it } from 'vitest';
import { withDrydockErrors } from '../../../adapters/aws/errors.ts';
import { createFargateLauncher } from '../../../adapters/aws/phases/launcher.ts';
import { createPhaseStore } from '../../../adapters/aws/phases/store.ts';
import { defined } from '../../../core/defined.ts';
import type { PhaseLauncher } from '../../../core/ports/runtime/launcher.ts';
import type { PhaseOrder } from '../../../core/ports/runtime/phase-runner.ts';
import { awsForTests, sdkTries } from '../../machine/contract/aws-fixture.ts';
import { AwsRefusal } from '../../support/aws/call.ts';
import { on } from '../../support/aws/faults.ts';

const cluster = 'arn:aws:ecs:us-east-1:123456789012:cluster/drydock';
const secret = 'the-deployment-key';

interface Task {
  /** The request it came of. */
  asked: string;
  taskArn: string;
  lastStatus: string;
  startedBy: string;
  definition: string;
  capacity: string;
  environment: { name: string; value: string }[];
}

/** By client token: the same token is the same task. */
const tasks = new Map<string, Task>();
/** What ECS says of a sandbox that ran: epoch seconds, and the image it pulled. */
const placed = {
  createdAt: 1_000,
  pullStartedAt: 1_010.5,
  pullStoppedAt: 1_030,
  startedAt: 1_031,
  containers: [{ name: 'sandbox', imageDigest: `sha256:${'a'.repeat(64)}` }],
};
let refusals: { reason: string }[] = [];
const taskOf = (arn: unknown): Task | undefined => [...tasks.values()].find(({ taskArn }) => taskArn === arn);
const aws = awsForTests(() => ({
  'ecs:RunTask'(input) {
    const token = String(input.clientToken);
    if (token.length > 64) throw new AwsRefusal('InvalidParameterException', 'clientToken is too long');
    const failure = refusals.shift();
    if (failure) return { tasks: [], failures: [failure] };
    const known = tasks.get(token);
    if (known && known.asked !== JSON.stringify(input))
      throw new AwsRefusal('ConflictException', 'the client token was used with other parameters');
    const { containerOverrides } = input.overrides as { containerOverrides: { environment: Task['environment'] }[] };
    const task = known ?? {
      asked: JSON.stringify(input),
      taskArn: `${cluster.replace('cluster', 'task')}/${tasks.size}`,
      lastStatus: 'RUNNING',
      startedBy: String(input.startedBy),
      definition: String(input.taskDefinition),
      capacity: (input.capacityProviderStrategy as { capacityProvider: string }[])
        .map(({ capacityProvider }) => capacityProvider)
        .join(),
      environment: containerOverrides[0]?.environment ?? [],
    };
    tasks.set(token, task);
    return { tasks: [task] };
  },
  'ecs:DescribeTasks'(input) {
    const task = taskOf((input.tasks as string[])[0]);
    const details = [{ name: 'privateIPv4Address', value: '10.0.0.5' }];
    return { tasks: task ? [{ ...task, ...placed, attachments: [{ details }] }] : [] };
  },
  'ecs:ListTasks': ({ startedBy }) => ({
    taskArns: [...tasks.values()]
      .filter((task) => task.lastStatus === 'RUNNING' && task.startedBy === startedBy)
      .map(({ taskArn }) => taskArn),
  }),
  'ecs:StopTask'(input) {
    const task = taskOf(input.task);
    if (!task) throw new AwsRefusal('InvalidParameterException', 'The referenced task was not found.');
    task.lastStatus = 'STOPPED';
    return { task };
  },
}));

let phase: { phaseId: string; attempt: number };
let phases = 0;
let before = 0;
beforeEach(() => {
  before = aws().objects.size;
  tasks.clear();
  refusals = [];
  phase = { phaseId: `r-${'f'.repeat(40)}/build/${++phases}`, attempt: 1 };
});
const order = (runtime = 'node'): PhaseOrder => ({
  spec: {
    phaseKey: `${phase.phaseId}/${phase.attempt}`,
    runId: 'r-1',
    taskId: 'T-1',
    phase: 'build',
    base: 'a'.repeat(40),
    inputs: [],
    prompt: '',
    agent: null,
    sandbox: { runtime, dependencies: [], env: {}, testCommand: 't' },
    baseline: false,
    knownFailures: [],
    commands: [],
    limits: { timeoutMs: 1_000, cpu: 1, memoryMb: 1, pids: 1, diskMb: 1 },
  },
  base: { host: 'github', scope: { repository: 'acme/calc' }, location: 'acme/calc', commit: 'a', depth: 1 },
  registries: [],
  hosts: [],
  inputs: new Map(),
});
/** Of a function of its own each time. */
const launcher = (now = 0): PhaseLauncher => {
  const network = { subnets: ['subnet-1'], securityGroup: 'sg-1' };
  const config = {
    cluster,
    networks: { gateway: network, sandbox: network },
    definitions: {
      gateway: 'gateway:1',
      sandboxes: { node: 'sandbox:1', go: 'go:1', 'acme/ci:1': 'ci:1' },
      services: { images: ['a'.repeat(12), 'b'.repeat(12), 'a'.repeat(12)], revisions: { node: '1,2,3,4,5,6,7' } },
    },
    sandboxCapacity: 'FARGATE_SPOT' as const,
    gatewayPort: 8443,
    agentFiles: async (profile: string) => Buffer.from(`files of ${profile}`),
    deploymentKey: async () => secret,
  };
  const clock = { now: () => now, sleep: async () => undefined };
  return withDrydockErrors(
    createFargateLauncher(new ECSClient({}), createPhaseStore(new S3Client({}), 'artifacts'), config, clock),
  );
};
const started = (): string[] => [...tasks.values()].map(({ definition }) => definition);
const runs = (): number => [...tasks.values()].filter(({ lastStatus }) => lastStatus === 'RUNNING').length;

describe('phases on Fargate, when AWS fails', () => {
  it('R11 are two tasks, however often they are launched; R16 no secret is in what they are told', async () => {
    await launcher().launch(order(), phase);
    await launcher().launch(order(), phase);
    expect(started()).toEqual(['gateway:1', 'sandbox:1']);
    const told = JSON.stringify([
      [...tasks.values()],
      [...aws().objects.values()].map((b) => Buffer.from(b).toString()),
    ]);
    expect(told).not.toContain(secret);
    expect(JSON.stringify([...tasks.values()][1])).not.toContain('DRYDOCK_GRANT');
  });

  it("take the profile's files along, as an input like the others", async () => {
    const given = order();
    const agent = { profile: 'codemod', kind: 'command' as const, command: ['x'], files: true, plans: false };
    const files = { agentFiles: './codemods', spec: { ...given.spec, agent, inputs: ['plan.json'] } };
    await launcher().launch({ ...given, ...files, inputs: new Map([['plan.json', Buffer.from('{}')]]) }, phase);
    const store = createPhaseStore(new S3Client({}), 'artifacts');
    const stored = await store.order(given.spec.phaseKey);
    if (!stored) throw new Error('there is no order');
    expect(stored.spec.inputs).toEqual(['plan.json', 'agent.tar']);
    const read = async (name: string): Promise<string> => text((await store.input(stored, name)) ?? Readable.from([]));
    expect(await read('agent.tar')).toBe('files of codemod');
    expect(await read('plan.json')).toBe('{}');
  });

  it('store the files of a profile once for all phases, and again before the bucket deletes them', async () => {
    const agent = { profile: 'once', kind: 'command' as const, command: ['x'], files: true, plans: false };
    const launch = async (now: number): Promise<void> => {
      phase = { ...phase, attempt: phase.attempt + 1 };
      const given = order();
      await launcher(now).launch({ ...given, agentFiles: './codemods', spec: { ...given.spec, agent } }, phase);
    };
    const puts = (): string[] =>
      aws()
        .calls.filter(({ action, resource }) => action === 's3:PutObject' && resource.includes('/agents/'))
        .map(({ resource }) => resource);
    for (let time = 0; time < 3; time++) await launch(Date.now());
    expect(puts()).toHaveLength(1);
    const day = 86_400_000;
    await launch(Date.now() + 14 * day);
    expect(puts()).toHaveLength(1);
    await launch(Date.now() + 16 * day);
    expect(puts()).toHaveLength(2);
    expect(new Set(puts()).size).toBe(1);
  });

  it.each([
    ['node:20-slim', 'sandbox:1'],
    ['golang:1.24', 'go:1'],
    ['acme/ci:1', 'ci:1'],
  ])('R13 run %s in the image that is for it', async (runtime, definition) => {
    await launcher().launch(order(runtime), phase);
    expect(started()).toEqual(['gateway:1', definition]);
  });

  const service = (digit: string, name = 'x', memoryMb = 256) => ({
    image: `${name}@sha256:${digit.repeat(64)}`,
    env: { NAME: name },
    port: 5432,
    memoryMb,
  });
  const withServices = (services: PhaseOrder['spec']['sandbox']['services']): PhaseOrder => {
    const given = order();
    return { ...given, spec: { ...given.spec, sandbox: { ...given.spec.sandbox, ...defined({ services }) } } };
  };

  it('start the definition that has exactly their services, and tell each its variables and its memory', async () => {
    await launcher().launch(withServices({ db: service('b', 'pg', 512), cache: service('a') }), phase);
    expect(started()).toEqual(['gateway:1', 'sandbox-services-3:3']);
    const { overrides } = JSON.parse([...tasks.values()][1]?.asked ?? '{}') as {
      overrides: { containerOverrides: object[] };
    };
    expect(overrides.containerOverrides).toEqual([
      { name: 'sandbox', environment: expect.arrayContaining([expect.objectContaining({ name: 'DRYDOCK_TICKET' })]) },
      { name: 'service-2', environment: [{ name: 'NAME', value: 'pg' }], memory: 512 },
      { name: 'service-1', environment: [{ name: 'NAME', value: 'x' }], memory: 256 },
    ]);
  });

  it('start two containers of one image that the policy lists twice', async () => {
    await launcher().launch(withServices({ one: service('a'), two: service('a') }), phase);
    expect(started()).toEqual(['gateway:1', 'sandbox-services-5:5']);
  });

  it.each([
    ['an image that the deployment does not have', { db: service('c') }, 'ImageMissing'],
    ['more of an image than it has', { a: service('b'), b: service('b') }, 'ImageMissing'],
    ['a command', { db: { command: 'postgres', env: {}, port: 5432 } }, 'NotBuiltYet'],
  ])('refuse %s before anything starts', async (_name, services, name) => {
    await expect(launcher().launch(withServices(services), phase)).rejects.toMatchObject({ name });
    expect([started(), aws().objects.size]).toEqual([[], before]);
  });

  it.each([
    'acme/ci:2',
    'toString',
    '__proto__',
  ])('refuse %s, which has no image, before anything starts', async (runtime) => {
    await expect(launcher().launch(order(runtime), phase)).rejects.toMatchObject({ name: 'UnknownRuntime' });
    expect([started(), aws().objects.size]).toEqual([[], before]);
  });

  it('take Spot capacity for the first try of a sandbox only, and never for a gateway', async () => {
    const capacities = async (attempt: number) => {
      tasks.clear();
      phase = { ...phase, attempt };
      await launcher().launch(order(), phase);
      return [...tasks.values()].map(({ capacity }) => capacity);
    };
    expect(await capacities(1)).toEqual(['FARGATE', 'FARGATE_SPOT']);
    expect(await capacities(2)).toEqual(['FARGATE', 'FARGATE']);
  });

  it('R6 end with the digest of the image that ran, and how long it took to get there', async () => {
    const given = order();
    await launcher().launch(given, phase);
    const end = await launcher().left(phase);
    expect(end).toMatchObject({
      image: `sha256:${'a'.repeat(64)}`,
      timings: { place: 10_500, pull: 19_500, boot: 1_000 },
    });
  });

  it.each([
    'cut',
    'lost',
    'throttled',
    'broken',
  ] as const)('R11 are two tasks where each first try was %s', async (fault) => {
    for (const skip of [0, 1]) aws().faults.push({ match: on('ecs:RunTask'), skip, do: fault });
    await launcher().launch(order(), phase);
    expect(started()).toEqual(['gateway:1', 'sandbox:1']);
  });

  it('leave no gateway behind where the sandbox does not start', async () => {
    const isSandbox = (call: { input: object }): boolean => JSON.stringify(call.input).includes('"sandbox:1"');
    aws().faults.push({ match: isSandbox, times: sdkTries, do: 'broken' });
    await expect(launcher().launch(order(), phase)).rejects.toMatchObject({ name: 'Conflict' });
    expect([started(), runs()]).toEqual([['gateway:1'], 0]);
  });

  it.each([
    ['Capacity is unavailable at this time. Please try again later or in a different availability zone', true],
    ["You've reached the limit on the number of vCPUs you can run concurrently", true],
    ["You've reached the limit on the number of tasks you can run concurrently", true],
    ['RESOURCE:ENI', true],
    ['InsufficientFreeAddressesInSubnet', true],
    ['MISSING', false],
  ])('F8 refused with “%s” wait for capacity, or are lost', async (reason, waits) => {
    const name = waits ? 'CapacityMissing' : 'SandboxLost';
    const refused = { name, message: expect.stringContaining(reason) };
    refusals = [{ reason }];
    await expect(launcher().launch(order(), phase)).rejects.toMatchObject(refused);
    // The gateway was started, and then there was no room for the sandbox.
    const isSandbox = (call: { input: object }): boolean => JSON.stringify(call.input).includes('"sandbox:1"');
    aws().fault = (call) => void (isSandbox(call) && refusals.push({ reason }));
    await expect(launcher().launch(order(), { ...phase, attempt: 2 })).rejects.toMatchObject(refused);
    aws().fault = undefined;
    expect(runs()).toBe(0);
  });

  it('are refused by name where the role may not start them', async () => {
    aws().faults.push({ match: on('ecs:RunTask'), do: 'denied' });
    await expect(launcher().launch(order(), phase)).rejects.toMatchObject({ name: 'ServiceRefused' });
  });

  it('stop, also twice and where an answer is lost', async () => {
    await launcher().launch(order(), phase);
    aws().faults.push({ match: on('ecs:StopTask'), do: 'lost' });
    await launcher().stop(phase);
    await launcher().stop(phase);
    expect(runs()).toBe(0);
  });
});
