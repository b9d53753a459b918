/** The phase that a Fargate task would run is the one that runs in a container here: what the definition says is what the engine was told. */
import { execFileSync } from 'node:child_process';
import { beforeAll, expect, test } from 'vitest';
import { sandboxOptions } from '../../adapters/local/containers/options.ts';
import { makeJob, makeWorld, project, runJob } from '../machine/contract/phase-fixtures.ts';
import { ofType, synthesizeHere } from '../support/aws/template.ts';
import { containersLeft, inContainers } from '../support/containers/walls.ts';

interface Definition {
  Name: string;
  User: string;
  ReadonlyRootFilesystem: boolean;
  EntryPoint?: string[];
  Command?: string[];
  MountPoints: { ContainerPath: string; ReadOnly: boolean }[];
  LinuxParameters: { Capabilities: { Drop: string[]; Add?: string[] }; InitProcessEnabled: boolean };
  Environment?: { Name: string }[];
}
interface Inspected {
  Config: { User: string; Env: string[] };
  EffectiveCaps: string[] | null;
  BoundingCaps: string[] | null;
  HostConfig: { ReadonlyRootfs: boolean; Init: boolean; Privileged: boolean; SecurityOpt: string[] };
  Mounts: { Destination: string; Type: string; RW: boolean }[];
  Path: string;
  Args: string[];
}

let task: Definition;
let container: Inspected;
let entry: string[];

beforeAll(async () => {
  const { run } = synthesizeHere();
  const all = ofType(run, 'AWS::ECS::TaskDefinition').flatMap(
    ([, { ContainerDefinitions }]) => ContainerDefinitions as Definition[],
  );
  const sandbox = all.find(({ Name }) => Name === 'sandbox');
  if (!sandbox) throw new Error('no sandbox task');
  task = sandbox;
  const world = makeWorld(project, { 'agent.mjs': 'setInterval(() => {}, 1000);' });
  const stop = new AbortController();
  await runJob(world, makeJob(world), {
    sandbox: inContainers(),
    signal: stop.signal,
    onEvent(event) {
      if (event.type !== 'step' || event.name !== 'agent') return;
      const name = containersLeft().find((each) => each.endsWith('-sandbox')) ?? '';
      const ask = (...args: string[]): string => execFileSync('podman', args, { encoding: 'utf8' });
      [container] = JSON.parse(ask('inspect', name)) as [Inspected];
      const image = ask('inspect', '--format', '{{.Image}}', name).trim();
      entry = JSON.parse(ask('image', 'inspect', '--format', '{{json .Config.Entrypoint}}', image)) as string[];
      stop.abort();
    },
  });
  world.remove();
});

test('the same user', () => {
  expect(container.Config.User).toBe(task.User);
  expect(task.User).toBe('1000:1000');
});

test('the same writable folders, each a volume, and a read-only root', () => {
  const mounted = container.Mounts.map(({ Destination, Type, RW }) => [Destination, Type, RW]);
  expect(mounted.sort()).toEqual(
    task.MountPoints.map(({ ContainerPath, ReadOnly }) => [ContainerPath, 'volume', !ReadOnly]).sort(),
  );
  expect([container.HostConfig.ReadonlyRootfs, task.ReadonlyRootFilesystem]).toEqual([true, true]);
});

test('no capability, and none to be had', () => {
  expect(task.LinuxParameters.Capabilities).toEqual({ Drop: ['ALL'] });
  expect([container.EffectiveCaps ?? [], container.BoundingCaps ?? []]).toEqual([[], []]);
  expect(container.HostConfig.Privileged).toBe(false);
  expect(container.HostConfig.SecurityOpt).toContain('no-new-privileges');
});

test('the command of the image, below an init', () => {
  expect([task.EntryPoint, task.Command]).toEqual([undefined, undefined]);
  expect([task.LinuxParameters.InitProcessEnabled, container.HostConfig.Init]).toEqual([true, true]);
  expect([container.Path, ...container.Args].slice(-entry.length)).toEqual(entry);
});

test('the address of the gateway and the ticket come in the environment, and nothing else of Drydock', () => {
  const names = container.Config.Env.map((pair) => pair.split('=')[0] ?? '').filter((name) =>
    name.startsWith('DRYDOCK'),
  );
  expect(names.sort()).toEqual(['DRYDOCK_GATEWAY', 'DRYDOCK_TICKET']);
  expect(task.Environment).toBeUndefined();
});

test.each(['docker', 'podman', 'nerdctl'] as const)('%s is told the limits of a phase', (kind) => {
  const options = sandboxOptions(
    { kind, program: kind, name: kind },
    { ulimits: [], limitsCpu: true },
    { cpu: 2, memoryMb: 1024, pids: 64 },
    '/seccomp.json',
  ).join(' ');
  for (const wanted of [
    '--memory 1024m',
    '--memory-swap 1024m',
    '--pids-limit 64',
    '--cpus 2',
    '--user 1000:1000',
    'seccomp=/seccomp.json',
  ])
    expect(options).toContain(wanted);
});
