/** The phase that a Fargate task would run is the one that runs in a container here: what the definition says is what the engine was told. */
import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { sandboxOptions } from '../../adapters/local/containers/options.ts';
import { makeJob, makeWorld, project, runJob } from '../machine/contract/phase-fixtures.ts';
import { ofType, synthesizeHere } from '../support/aws/template.ts';
import { serviceImage } from '../support/containers/service-images.ts';
import { containersLeft, inContainers } from '../support/containers/walls.ts';

interface Definition {
  Name: string;
  User: string;
  ReadonlyRootFilesystem: boolean;
  EntryPoint?: string[];
  Command?: string[];
  MountPoints: { ContainerPath: string; ReadOnly: boolean }[];
  LinuxParameters: {
    Capabilities: { Drop: string[]; Add?: string[] };
    InitProcessEnabled: boolean;
    Tmpfs?: { ContainerPath: string; Size: number; MountOptions: string[] }[];
  };
  Memory?: number;
  LogConfiguration?: unknown;
  Environment?: { Name: string }[];
}
interface Inspected {
  Id: string;
  Config: { User: string; Env: string[] };
  EffectiveCaps: string[] | null;
  BoundingCaps: string[] | null;
  HostConfig: {
    ReadonlyRootfs: boolean;
    Init: boolean;
    Privileged: boolean;
    SecurityOpt: string[];
    NetworkMode: string;
    Memory: number;
    PidsLimit: number;
    LogConfig: { Type: string };
  };
  Mounts: { Destination: string; Type: string; RW: boolean }[];
  Path: string;
  Args: string[];
}

let task: Definition;
let container: Inspected;
let entry: string[];
/** The service of the task, and its container here. */
let serviceTask: Definition;
let service: Inspected;
/** Lines of its mounts of folders in memory, as its processes see them. */
let serviceMounts: string[];

beforeAll(async () => {
  const image = serviceImage('redis', inject('debian'));
  const given = { image, user: '999:999', folders: ['/data'], memory_mb: 256 };
  const policy = {
    version: 1 as const,
    people: { lead: {} },
    review: { approvers: ['lead'] },
    services: { 'redis:7': given },
  };
  const { run } = synthesizeHere({ policy });
  const all = ofType(run, 'AWS::ECS::TaskDefinition')
    .map(([, { ContainerDefinitions }]) => ContainerDefinitions as Definition[])
    .filter(([{ Name } = { Name: '' }]) => Name === 'sandbox');
  const [alone, withService] = [1, 2].map((count) => all.find(({ length }) => length === count));
  const [sandbox, beside] = [alone?.[0], withService?.[1]];
  if (!sandbox || !beside) throw new Error('no sandbox task');
  task = sandbox;
  serviceTask = beside;
  const world = makeWorld(project, { 'agent.mjs': 'setInterval(() => {}, 1000);' });
  const stop = new AbortController();
  const { user, folders, memory_mb } = given;
  const services = { cache: { image, user, folders, memoryMb: memory_mb, env: {}, port: 6379 } };
  await runJob(world, makeJob(world, { sandbox: { services } }), {
    sandbox: inContainers(),
    signal: stop.signal,
    onEvent(event) {
      if (event.type !== 'step' || event.name !== 'agent') return;
      const ask = (...args: string[]): string => execFileSync('podman', args, { encoding: 'utf8' });
      const inspect = (end: string): Inspected => {
        const name = containersLeft().find((each) => each.endsWith(end)) ?? '';
        return (JSON.parse(ask('inspect', name)) as [Inspected])[0];
      };
      container = inspect('-sandbox');
      service = inspect('-service-cache');
      serviceMounts = ask('exec', service.Id, 'cat', '/proc/mounts').split('\n');
      const image = ask('inspect', '--format', '{{.Image}}', container.Id).trim();
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

test('the engine keeps nothing of what they print', () => {
  expect([container, service].map(({ HostConfig }) => HostConfig.LogConfig.Type)).toEqual(['none', 'none']);
  expect([task.LogConfiguration, serviceTask.LogConfiguration]).toEqual([undefined, undefined]);
});

describe('a service', () => {
  test('has the same user, and one that is not root', () => {
    expect(service.Config.User).toBe(serviceTask.User);
    expect(serviceTask.User).toBe('999:999');
  });

  test('has no capability, and none to be had', () => {
    expect(serviceTask.LinuxParameters.Capabilities).toEqual({ Drop: ['ALL'] });
    expect([service.EffectiveCaps ?? [], service.BoundingCaps ?? []]).toEqual([[], []]);
    expect(service.HostConfig.Privileged).toBe(false);
    expect(service.HostConfig.SecurityOpt).toContain('no-new-privileges');
  });

  test('has a read-only root, and the same folders in memory, of the same size and user', () => {
    expect([service.HostConfig.ReadonlyRootfs, serviceTask.ReadonlyRootFilesystem]).toEqual([true, true]);
    expect(serviceTask.MountPoints).toBeUndefined();
    expect(service.Mounts.filter(({ Type }) => Type !== 'tmpfs')).toEqual([]);
    const [folder, ...more] = serviceTask.LinuxParameters.Tmpfs ?? [];
    expect(more).toEqual([]);
    const [, , , options = ''] =
      serviceMounts.find((line) => line.split(' ')[1] === folder?.ContainerPath)?.split(' ') ?? [];
    expect(options.split(',')).toEqual(
      expect.arrayContaining([`size=${(folder?.Size ?? 0) * 1_024}k`, 'noexec', 'nosuid', 'nodev']),
    );
    expect(folder?.MountOptions).toEqual(expect.arrayContaining(['noexec', 'nosuid', 'nodev', 'uid=999', 'gid=999']));
  });

  test('has the memory of the policy, an init, and nothing of Drydock in its environment', () => {
    expect(service.HostConfig.Memory).toBe((serviceTask.Memory ?? 0) * 1_024 * 1_024);
    expect(service.HostConfig.PidsLimit).toBe(container.HostConfig.PidsLimit);
    expect([service.HostConfig.Init, serviceTask.LinuxParameters.InitProcessEnabled]).toEqual([true, true]);
    expect([service.Config.Env.join(), serviceTask.Environment]).toEqual([
      expect.not.stringContaining('DRYDOCK'),
      undefined,
    ]);
  });

  test('is in the network of the sandbox, as the containers of a task are', () => {
    expect(service.HostConfig.NetworkMode).toBe(`container:${container.Id}`);
  });
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
