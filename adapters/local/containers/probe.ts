import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { DrydockError } from '../../../core/errors.ts';
import { dialects, type Engine, engineOutput, reason } from './engine.ts';
import { commonOptions, phaseLabel, type StartOptions, sandboxOptions } from './options.ts';
import { ownerName } from './owner.ts';

const enforcedBy = z.enum(['cgroup2', 'cgroup1', 'none']);

/** What is known about an engine on this machine. */
const known = z.strictObject({
  start: z.strictObject({
    runtime: z.string().exactOptional(),
    ulimits: z.array(z.string()),
    limitsCpu: z.boolean(),
  }),
  /** What holds each limit of a container, as a process inside sees it. */
  limits: z.strictObject({ memory: enforcedBy, pids: enforcedBy, cpu: enforcedBy }),
  /** `UID:GID` of a container that may write to the data folder. */
  dataUser: z.string(),
});
export type Known = z.infer<typeof known>;

interface Asked {
  engine: Engine;
  /** An image with the gateway's programs. */
  image: string;
  runtime?: string | undefined;
  dataDir: string;
  /** File with the filter of system calls. */
  seccomp: string;
}

/** Limits of the probe; what it reads inside tells who holds them. */
const limits = { cpu: 1, memoryMb: 256, pids: 64 };
const probeMs = 60_000;
/** Limits that this process may have lowered: an engine may not raise them, but can set lower ones. */
const ulimits: readonly (readonly string[])[] = [
  [],
  ['nofile=16384:16384', 'nproc=16384:16384'],
  ['nofile=4096:4096', 'nproc=4096:4096'],
  ['nofile=1024:1024', 'nproc=1000:1000'],
];

/**
 * Finds out what the engine needs to start containers here, who holds their limits, and whether an internal network has
 * a wall. What was found is kept in the data folder, for this version of the engine.
 * @throws SandboxUnavailable if no container starts, or one on an internal network reaches this machine or another.
 */
export async function probeEngine(asked: Asked): Promise<Known> {
  const { engine, runtime, dataDir, image } = asked;
  const file = join(dataDir, 'containers', 'known.json');
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const key = [engine.program, engine.name, runtime ?? '', image].join(' ');
  const kept = readKept(file);
  const found = kept[key];
  if (found !== undefined) return found;
  const started = await startSandbox(asked);
  const result: Known = { ...started, dataUser: await writingUser(asked, started.start) };
  writeFileSync(`${file}.${process.pid}`, JSON.stringify({ ...kept, [key]: result }), { mode: 0o600 });
  renameSync(`${file}.${process.pid}`, file);
  return result;
}

function readKept(file: string): Record<string, Known> {
  try {
    return z.record(z.string(), known).parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return {}; // none yet, or of another version
  }
}

/** Prints which control groups hold the limits of the container that it runs in, and which addresses answer. */
const look = (addresses: readonly string[]): string => `
const { readFileSync: r } = require('node:fs'), net = require('node:net'), os = require('node:os');
const at = (...files) => { for (const [by, file, wanted] of files) { try { if (r('/sys/fs/cgroup/' + file, 'utf8').trim() === wanted) return by; } catch {} } return 'none'; };
const limits = {
  memory: at(['cgroup2', 'memory.max', '${limits.memoryMb * 1024 * 1024}'], ['cgroup1', 'memory/memory.limit_in_bytes', '${limits.memoryMb * 1024 * 1024}']),
  pids: at(['cgroup2', 'pids.max', '${limits.pids}'], ['cgroup1', 'pids/pids.max', '${limits.pids}']),
  cpu: at(['cgroup2', 'cpu.max', '100000 100000'], ['cgroup1', 'cpu/cpu.cfs_quota_us', '100000']),
};
const all = Object.values(os.networkInterfaces()).flat();
const six = all.filter((a) => a.family === 'IPv6' && !a.internal).map((a) => a.address);
const own = all.filter((a) => a.family === 'IPv4').map((a) => a.address);
const firsts = own.filter((a) => !a.startsWith('127.')).map((a) => a.replace(/\\d+$/, '1'));
const asked = [...new Set([...firsts, ...${JSON.stringify(addresses)}])].filter((a) => !own.includes(a));
Promise.all(asked.map((host) => new Promise((done) => {
  const socket = net.connect(9, host);
  const end = (answers) => { socket.destroy(); done(answers ? host : undefined); };
  socket.setTimeout(1_500, () => end(false));
  socket.on('connect', () => end(true)).on('error', (e) => end(e.code === 'ECONNREFUSED'));
}))).then((all) => console.log(JSON.stringify({ limits, reached: [...six, ...all.filter(Boolean)] })));`;

const seen = z.strictObject({ limits: known.shape.limits, reached: z.array(z.string()) });

/**
 * Starts a container as a sandbox is started, until one way works.
 * @throws SandboxUnavailable if none does, or one on an internal network reaches this machine or another.
 */
async function startSandbox({ engine, image, runtime, seccomp }: Asked): Promise<Pick<Known, 'start' | 'limits'>> {
  const all = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  const here = all.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address);
  const script = look([...here, '1.1.1.1']);
  const network = await createNetwork(engine, await ownerName());
  let first: unknown;
  try {
    for (const start of startOptions(engine, runtime)) {
      const options = [
        ...commonOptions(engine, start),
        ...sandboxOptions(engine, start, limits, seccomp),
        '--network',
        network,
      ];
      const said = await runOnce(engine, [...options, ...nodeIn(image, script)]).catch((error: unknown) => {
        first ??= error;
      });
      if (said === undefined) continue;
      const { reached, limits: held } = seen.parse(JSON.parse(said));
      if (reached.length === 0) return { start, limits: held };
      throw new DrydockError(
        'SandboxUnavailable',
        `A container on an internal network of ${engine.name} reaches ${reached.join(', ')}.`,
        { remedy: 'Update the engine; its internal networks have to be closed. See docs/containers.md.' },
      );
    }
  } finally {
    await engineOutput(engine, ['network', 'rm', network]).catch(() => undefined);
  }
  throw new DrydockError('SandboxUnavailable', `${engine.name} cannot start a container: ${reason(first)}`, {
    remedy: `Make a container start: ${engine.kind} run --rm --entrypoint /opt/drydock/node ${image} --version; see docs/containers.md.`,
  });
}

/** The ways to start a container that are tried, first choice first. */
function startOptions(engine: Engine, runtime: string | undefined): Known['start'][] {
  const others = engine.kind === 'podman' ? ['runc', 'crun'] : [];
  const runtimes = runtime === undefined ? [undefined, ...others] : [runtime];
  return [true, false].flatMap((limitsCpu) =>
    runtimes.flatMap((name) =>
      ulimits.map((limit) => ({ ...(name === undefined ? {} : { runtime: name }), ulimits: [...limit], limitsCpu })),
    ),
  );
}

/** Which user of a container can write files that this process can read and remove. */
async function writingUser({ engine, image, dataDir }: Asked, start: StartOptions): Promise<string> {
  const folder = join(dataDir, `.probe-${randomBytes(6).toString('hex')}`);
  mkdirSync(folder, { mode: 0o700 });
  const own = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  let first: unknown;
  try {
    // In a container of an engine that runs without root, the user of this process is its root.
    for (const user of new Set([own, '0:0'])) {
      const file = join(folder, user.replace(':', '-'));
      const write = `require('node:fs').writeFileSync(${JSON.stringify(file)}, 'x', { mode: 0o600 })`;
      const options = ['--network', 'none', '--user', user, ...dataMount(folder)];
      try {
        await runOnce(engine, [...commonOptions(engine, start), ...options, ...nodeIn(image, write)]);
        if (readFileSync(file, 'utf8') === 'x' && statSync(file).uid === Number(own.split(':')[0])) return user;
      } catch (error) {
        first ??= error;
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  throw new DrydockError(
    'SandboxUnavailable',
    `No container of ${engine.name} can write to the data folder ${dataDir}: ${first === undefined ? 'its files belong to another user' : reason(first)}`,
    { remedy: 'Name a data folder that the engine can mount, one below your home: --data DIR.' },
  );
}

/** A folder or file of the data folder, at its own path inside. SELinux would refuse what has no label of containers. */
export const dataMount = (path: string, readOnly = false): string[] => [
  ...['--security-opt', 'label=disable'],
  ...['--mount', `type=bind,source=${path},target=${path}${readOnly ? ',readonly' : ''}`],
];

/** Creates a network without a way out, and returns its name. */
export async function createNetwork(engine: Engine, name: string): Promise<string> {
  await engineOutput(engine, [
    'network',
    'create',
    ...dialects[engine.kind].internalNetwork,
    ...['--label', `${phaseLabel}=${name}`],
    name,
  ]);
  return name;
}

const nodeIn = (image: string, script: string): string[] => ['--entrypoint', '/opt/drydock/node', image, '-e', script];

const runOnce = async (engine: Engine, args: readonly string[]): Promise<string> =>
  engineOutput(engine, ['run', '--rm', '--label', `${phaseLabel}=${await ownerName()}`, ...args], {
    timeoutMs: probeMs,
  });
