/** What containers need of this machine, what they leave on it, and what it can see of them. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, inject, test, vi } from 'vitest';
import { measureInside } from '../../adapters/local/containers/disk.ts';
import { findEngine } from '../../adapters/local/containers/engine.ts';
import { digestOf } from '../../adapters/local/containers/images/ensure.ts';
import { findImage } from '../../adapters/local/containers/images/find.ts';
import { probeEngine } from '../../adapters/local/containers/probe.ts';
import { writeSeccompProfile } from '../../adapters/local/containers/seccomp-profile.ts';
import { watchDisk } from '../../adapters/local/sandbox/limits/disk.ts';
import type { PhaseSpec } from '../../core/run/phase.ts';
import { makeJob, makeWorld, packageRoot, project, runJob, type World } from '../machine/contract/phase-fixtures.ts';
import { startRegistry } from '../machine/contract/registry-fixture.ts';
import { containersLeft, inContainers } from '../support/containers/walls.ts';

const worlds: World[] = [];
const world = (agent: string, files = project): World => {
  const made = makeWorld(files, { 'agent.mjs': agent });
  worlds.push(made);
  return made;
};
const podman = (...args: string[]): string => execFileSync('podman', args, { encoding: 'utf8' }).trim();
const forever = 'setInterval(() => {}, 1000);';
const whenAgentRuns = (act: () => void) => (event: { type: string; name?: string; status?: string }) => {
  if (event.type === 'step' && event.name === 'agent' && event.status === 'started') act();
};

afterEach(() => {
  vi.unstubAllEnvs();
  for (const made of worlds.splice(0)) made.remove();
  expect(containersLeft()).toEqual([]);
});

describe('named faults, before anything is started', () => {
  test('no engine: EngineMissing', async () => {
    const w = world('');
    vi.stubEnv('PATH', '/nowhere');
    await expect(runJob(w, makeJob(w), { sandbox: { driver: 'container' } })).rejects.toMatchObject({
      name: 'EngineMissing',
      exit: 4,
    });
  });

  test('no bubblewrap and no engine: SandboxUnavailable, with what both lack', async () => {
    const w = world('');
    vi.stubEnv('PATH', '/nowhere');
    await expect(runJob(w, makeJob(w), { sandbox: { driver: 'auto' } })).rejects.toMatchObject({
      name: 'SandboxUnavailable',
      exit: 4,
      message: expect.stringMatching(/bwrap.*no container engine/),
      remedy: expect.stringContaining('apt-get install bubblewrap'),
    });
  });

  test('an image that the policy pins and nobody has: ImageMissing with its name', async () => {
    const w = world('');
    const job = makeJob(w, { sandbox: { runtime: 'acme/ci:1' } });
    const pinned = `localhost/none@sha256:${'0'.repeat(64)}`;
    const sandbox = { ...inContainers(), runtimes: { 'acme/ci:1': pinned } };
    await expect(runJob(w, job, { sandbox })).rejects.toMatchObject({
      name: 'ImageMissing',
      exit: 4,
      message: expect.stringContaining(pinned),
    });
  });

  test('an image that the policy pins and that lacks the overlay: ImageMissing with what to do', async () => {
    const w = world('');
    const name = inject('debian');
    const pinned = `${name.split(':')[0]}@${podman('image', 'inspect', '--format', '{{.Digest}}', name)}`;
    const sandbox = { ...inContainers(), runtimes: { 'acme/ci:1': pinned } };
    await expect(runJob(w, makeJob(w, { sandbox: { runtime: 'acme/ci:1' } }), { sandbox })).rejects.toMatchObject({
      name: 'ImageMissing',
      message: expect.stringMatching(/lacks the files of a phase/),
      remedy: expect.stringContaining('overlay'),
    });
  });

  test('a runtime without an image: RuntimeUnavailable', async () => {
    const w = world('');
    const job = makeJob(w, { sandbox: { runtime: 'ruby:3' } });
    await expect(runJob(w, job, { sandbox: inContainers() })).rejects.toMatchObject({ name: 'RuntimeUnavailable' });
  });

  test('with --strict-runtime, a version that the image does not have: RuntimeUnavailable with what it has', async () => {
    const w = world('');
    const strict = (runtime: string) =>
      runJob(w, makeJob(w, { sandbox: { runtime } }), { sandbox: inContainers(), strictRuntime: true });
    await expect(strict('node:20')).rejects.toMatchObject({
      name: 'RuntimeUnavailable',
      message: expect.stringMatching(/node:20 is not available.*node 24\./),
    });
  });

  test('a runtime of the engine that it does not have: SandboxUnavailable with what the engine said', async () => {
    const w = world('');
    const sandbox = { ...inContainers(), runtime: 'no-such-runtime' };
    await expect(runJob(w, makeJob(w), { sandbox })).rejects.toMatchObject({
      name: 'SandboxUnavailable',
      exit: 4,
      message: expect.stringContaining('no-such-runtime'),
    });
  });

  test('an agent that is not in the image: AgentUnavailable', async () => {
    const w = world('');
    const agent = {
      profile: 'p',
      kind: 'acp',
      command: ['no-such-agent'],
      files: false,
      plans: true,
    } satisfies PhaseSpec['agent'];
    const job = makeJob(w, { spec: { agent } });
    await expect(runJob(w, job, { sandbox: inContainers() })).rejects.toMatchObject({
      name: 'AgentUnavailable',
      remedy: expect.stringContaining('--agents no-such-agent'),
    });
  });

  test('a registry on the loopback of this machine: SandboxUnavailable with its URL', async () => {
    const w = world('');
    vi.stubEnv('npm_config_registry', 'http://127.0.0.1:4873/');
    const job = makeJob(w, { registries: ['npm'] });
    await expect(runJob(w, job, { sandbox: inContainers() })).rejects.toMatchObject({
      name: 'SandboxUnavailable',
      message: expect.stringContaining('http://127.0.0.1:4873/'),
    });
  });
});

test('an engine that cannot limit the CPU, with a runtime that the policy names: a phase runs, and the evidence says so', async () => {
  const w = world("import fs from 'node:fs'; fs.writeFileSync('x', 'x');");
  const programs = join(w.root, 'programs');
  mkdirSync(programs);
  // As podman without root, where the control group of the CPU is not delegated to the user.
  const refusal =
    'for a in "$@"; do [ "$a" = --cpus ] && { echo "the cpu controller is not available" >&2; exit 126; }; done';
  writeFileSync(join(programs, 'docker'), `#!/bin/sh\n${refusal}\nexec podman "$@"\n`, { mode: 0o755 });
  vi.stubEnv('PATH', `${programs}:${process.env.PATH}`);
  const end = await runJob(w, makeJob(w), { sandbox: { ...inContainers(), runtime: 'runc' } });
  expect(end.result?.outcome).toBe('built');
  expect(end.enforcer).toMatch(/^podman [\d.]+ \(runc\): memory cgroup\d, pids cgroup\d, cpu none, disk watchdog$/);
});

describe('while a phase runs', () => {
  test('no secret is in the arguments, the variables or the layers of its containers, and nothing of this machine is in the sandbox', async () => {
    const w = world(forever);
    const stop = new AbortController();
    const key = `key-${'k'.repeat(40)}`;
    const model = { provider: 'google', allow: ['google/*'], mode: 'live' as const, key, budgetMicros: 1 };
    let seen = '';
    let mounts: { Name: string; Mounts: { Type: string; Source: string; Destination: string; RW: boolean }[] }[] = [];
    await runJob(w, makeJob(w, { model }), {
      sandbox: inContainers(),
      signal: stop.signal,
      onEvent: whenAgentRuns(() => {
        const names = containersLeft().filter((name) => /-(?:gateway|sandbox)$/.test(name));
        seen = podman('inspect', ...names) + execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
        mounts = JSON.parse(podman('inspect', ...names)) as typeof mounts;
        stop.abort();
      }),
    });
    expect(seen).toContain('DRYDOCK_GATEWAY');
    expect(seen).not.toContain(key);
    const [gateway, sandbox] = ['gateway', 'sandbox'].map(
      (role) => mounts.find(({ Name }) => Name.endsWith(role))?.Mounts ?? [],
    );
    expect(sandbox?.filter(({ Type }) => Type !== 'volume')).toEqual([]);
    const bound = gateway?.filter(({ Type }) => Type === 'bind') ?? [];
    expect(bound.length).toBeGreaterThan(3);
    expect(bound.filter(({ Source }) => !Source.startsWith(`${w.dataDir}/`))).toEqual([]);
    expect(bound.filter(({ RW, Source }) => RW && /base\.git|installs/.test(Source))).toEqual([]);
  });

  test('its owner is killed: the sandbox ends, and the next phase leaves nothing of it', async () => {
    const w = world(forever);
    const child = spawn(
      process.execPath,
      [join(packageRoot, 'test/support/container-child.ts'), JSON.stringify([w, inject('debian')])],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const agent = Promise.withResolvers<void>();
    createInterface({ input: child.stdout }).on('line', (line) => whenAgentRuns(agent.resolve)(JSON.parse(line)));
    await agent.promise;
    const of = (): string[] =>
      podman('ps', '--all', '--format', '{{.Names}}')
        .split('\n')
        .filter((name) => name.startsWith(`drydock-${child.pid}-`));
    const running = (): string[] =>
      podman('ps', '--format', '{{.Names}}')
        .split('\n')
        .filter((name) => of().includes(name));
    expect(running()).toHaveLength(2);
    const made = of().flatMap((name) =>
      podman('inspect', '--format', '{{range .Mounts}}{{.Name}} {{end}}', name).split(' '),
    );
    const volumes = made.filter((name) => /^[0-9a-f]{64}$/.test(name));
    expect(volumes).toHaveLength(8);
    child.kill('SIGKILL');
    while (running().length > 0) await new Promise((resolve) => setTimeout(resolve, 200));
    const next = world("import fs from 'node:fs'; fs.writeFileSync('x', 'x');");
    expect(
      (
        await runJob(
          { ...next, dataDir: w.dataDir },
          { ...makeJob(next), baseRepository: w.baseRepository },
          { sandbox: inContainers() },
        )
      ).failure,
    ).toBeUndefined();
    expect(of()).toEqual([]);
    const left = podman('volume', 'ls', '--quiet').split('\n');
    expect(volumes.filter((name) => left.includes(name))).toEqual([]);
    expect(podman('network', 'ls', '--format', '{{.Name}}')).not.toContain(`drydock-${child.pid}-`);
    expect(readdirSync(join(w.dataDir, 'phases'))).toEqual([]);
  });
});

test('the disk is measured by a container beside the sandbox where this process cannot read its volumes', async () => {
  const engine = await findEngine();
  const gateway = await findImage(engine, 'gateway', await digestOf({ packageRoot }, 'gateway'));
  const node = await findImage(engine, 'node', await digestOf({ packageRoot }, 'node'));
  if (!gateway || !node) throw new Error('no images');
  const w = world('');
  const seccomp = writeSeccompProfile(w.dataDir);
  const known = await probeEngine({ engine, image: gateway.id, dataDir: w.dataDir, seccomp });
  const name = `drydock-${process.pid}-disk`;
  const limits = known.start.ulimits.flatMap((limit) => ['--ulimit', limit]);
  // What the sandbox keeps for itself counts too.
  const fill =
    'mkdir -m 0700 /workspace/own && head -c 40M /dev/zero > /workspace/own/big && chmod 0000 /workspace/own && sleep 600';
  podman('run', '--detach', '--name', `${name}-sandbox`, ...limits, '--entrypoint', '/bin/sh', node.id, '-c', fill);
  try {
    const names = { network: name, gateway: '', sandbox: `${name}-sandbox`, disk: `${name}-measure` };
    const hit = Promise.withResolvers<string>();
    const volumes = podman('inspect', '--format', '{{range .Mounts}}{{.Name}} {{end}}', `${name}-sandbox`).split(' ');
    const stop = watchDisk(
      () => measureInside({ engine, gateway, gatewayMemoryMb: 1_024, known, seccomp }, names, volumes),
      {
        limitMb: 32,
        onHit: hit.resolve,
      },
    );
    expect(await hit.promise).toMatch(/^disk_mb: 4\d MB in use, the limit is 32$/);
    stop();
  } finally {
    for (const each of [`${name}-measure`, `${name}-sandbox`])
      podman('rm', '--force', '--ignore', '--volumes', '--time', '0', each);
  }
});

test('an install comes from the registry of this machine, through the gateway, and is kept for the next phase', async () => {
  const all = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  const host = all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '';
  const registry = await startRegistry({ host });
  const files = {
    'package.json': JSON.stringify({
      private: true,
      dependencies: { tiny: '1.2.3' },
      scripts: { test: 'node test.cjs' },
    }),
    'package-lock.json': JSON.stringify({
      lockfileVersion: 3,
      packages: {
        '': { dependencies: { tiny: '1.2.3' } },
        'node_modules/tiny': { version: '1.2.3', integrity: registry.integrity },
      },
    }),
    'test.cjs': "if (require('tiny') !== 'tiny works') process.exit(1);",
  };
  const w = world('', files);
  vi.stubEnv('npm_config_registry', registry.url);
  const verify = () =>
    runJob(w, makeJob(w, { registries: ['npm'], spec: { phase: 'verify', agent: null } }), { sandbox: inContainers() });
  try {
    const first = await verify();
    expect(first.result?.outcome, JSON.stringify(first.result)).toBe('verified');
    expect(first.traffic.map(({ route }) => route)).toContain('registry');
    const asked = registry.requests.length;
    const second = await verify();
    expect(second.result?.outcome).toBe('verified');
    expect(registry.requests.length).toBe(asked);
    expect(existsSync(join(w.dataDir, 'installs'))).toBe(true);
  } finally {
    registry.close();
  }
});

test('packages with native code are built with the headers of the image', async () => {
  const w = world('', {
    'package.json': JSON.stringify({
      name: 'native',
      version: '1.0.0',
      private: true,
      scripts: { test: 'node test.cjs', install: 'node-gyp rebuild' },
    }),
    'package-lock.json': JSON.stringify({
      name: 'native',
      version: '1.0.0',
      lockfileVersion: 3,
      packages: { '': { name: 'native', version: '1.0.0', hasInstallScript: true } },
    }),
    'binding.gyp': JSON.stringify({ targets: [{ target_name: 'native', sources: ['native.c'] }] }),
    '.gitignore': 'build/\nnode_modules/\n',
    'native.c':
      '#include <node_api.h>\nstatic napi_value init(napi_env env, napi_value exports) { napi_value n; napi_create_int32(env, 42, &n); return n; }\nNAPI_MODULE(native, init)\n',
    'test.cjs': "if (require('./build/Release/native.node') !== 42) process.exit(1);",
  });
  const end = await runJob(w, makeJob(w, { spec: { phase: 'verify', agent: null } }), { sandbox: inContainers() });
  expect(end.result, JSON.stringify(end.result)).toMatchObject({ outcome: 'verified' });
});
