/** What each engine is told about a service and its names. Only podman runs in the tests of containers. */
import { describe, expect, test } from 'vitest';
import { nameOptions } from '../../../../../adapters/local/containers/create.ts';
import { commonOptions, serviceOptions } from '../../../../../adapters/local/containers/options.ts';

const start = { ulimits: [], limitsCpu: true };
const engine = (kind: 'docker' | 'podman' | 'nerdctl') => ({ kind, program: kind, name: kind });
const limits = { cpu: 2, memoryMb: 512, pids: 64 };
const folder = {
  docker: '--tmpfs /data:rw,noexec,nosuid,nodev,size=256m,mode=0700,uid=999,gid=1000',
  podman: '--mount type=tmpfs,destination=/data,tmpfs-size=256m,tmpfs-mode=0700,notmpcopyup,noexec,U=true',
  nerdctl: '--tmpfs /data:rw,noexec,nosuid,nodev,size=256m,mode=0700,uid=999,gid=1000',
};

describe.each(['docker', 'podman', 'nerdctl'] as const)('%s', (kind) => {
  const told = (service: object): string =>
    serviceOptions(engine(kind), start, limits, '/seccomp.json', 'drydock-1-sandbox', { env: {}, ...service }).join(
      ' ',
    );

  test('puts a service into the network of its sandbox, with its limits, user and folders', () => {
    const options = told({ user: '999:1000', folders: ['/data'], env: { A: '-x $(y)' } });
    for (const wanted of [
      '--network container:drydock-1-sandbox',
      'seccomp=/seccomp.json',
      '--memory 512m --memory-swap 512m --pids-limit 64 --cpus 2',
      '--user 999:1000',
      folder[kind],
      '--env A=-x $(y)',
    ])
      expect(options).toContain(wanted);
    // What an engine refuses for a container in the network of another one.
    expect(options).not.toMatch(/--(?:dns|hostname|add-host|publish|sysctl) /);
  });

  test('lets everybody write to a folder where the image names the user, if it cannot give it to that user', () => {
    expect(told({ folders: ['/data'] })).toContain(kind === 'podman' ? 'U=true' : 'size=256m,mode=1777');
    expect(told({ folders: ['/data'] })).not.toContain('--user');
  });

  test('keeps nothing of what a container prints, or little', () => {
    expect(commonOptions(engine(kind), start).join(' ')).toMatch(/--log-driver none|--log-opt max-size=1m/);
  });

  test('gets the names of services as options, or in a file', () => {
    const services = [{ name: 'db' }, { name: 'cache' }];
    expect(nameOptions(engine(kind), services)).toEqual(
      kind === 'podman' ? [] : ['--add-host', 'db:127.0.0.1', '--add-host', 'cache:127.0.0.1'],
    );
  });
});
