import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { Writable } from 'node:stream';
import { defined } from '../../../core/defined.ts';
import type { PhaseSpec } from '../../../core/run/phase.ts';
import type { SandboxEnd } from '../../../gateway/phase/verdict.ts';
import type { BootConfig } from '../../../sandbox/boot.ts';
import { layout, sharedMemoryOf } from '../../../sandbox/layout.ts';
import type { GatewayProcess } from './gateway-process.ts';
import type { Runtime } from './host/runtime.ts';
import { innerMounts, outerArguments, seccompFd, systemLinks, systemMounts } from './isolation/bubblewrap.ts';
import { seccompFilter } from './isolation/seccomp.ts';
import { unprivileged } from './isolation/unprivileged.ts';
import type { ForRunner } from './isolation/wall.ts';
import { watchForEnd } from './isolation/watch-for-end.ts';
import { startLimits } from './limits/limits.ts';
import type { PhaseFolder } from './phase-folder.ts';

interface SandboxOptions {
  folder: PhaseFolder;
  secrets: { runner: string; agent: string };
  isolation: 'bubblewrap' | 'none';
  spec: PhaseSpec;
  runtime: Runtime;
  /** What is known once everything is there that the runner may ask for. */
  prepared: Promise<ForRunner>;
  hasAgentFiles: boolean;
  /** Folder of the agent's program, mounted read-only: [path on the host, path inside]. */
  agentMount: [string, string] | undefined;
  signal: AbortSignal;
  gateway: Pick<GatewayProcess, 'ready' | 'ended'>;
}

/** Runs the sandbox until its processes have ended. */
export async function runSandbox(options: SandboxOptions): Promise<SandboxEnd> {
  const { folder, isolation, spec, signal } = options;
  const sealed = isolation === 'bubblewrap';
  const system = [
    ...systemMounts(folder.etc),
    ...options.runtime.mounts,
    ...(options.agentMount === undefined ? [] : [options.agentMount]),
  ];
  const links = systemLinks();
  const argv = sealed
    ? [
        'bwrap',
        ...outerArguments({
          folder,
          system,
          links,
          hasAgentFiles: options.hasAgentFiles,
          sharedMemoryMb: sharedMemoryOf(spec.limits.memoryMb),
        }),
      ]
    : [`${folder.tools}/runner/node`, folder.runnerProgram];
  const child = spawn(argv[0] ?? 'false', argv.slice(1), {
    ...(sealed ? unprivileged(folder.userId) : {}),
    cwd: '/',
    env: { PATH: process.env.PATH },
    detached: !sealed,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  yieldToServer(child.pid);
  const filter = child.stdio[seccompFd];
  if (filter instanceof Writable) {
    filter.on('error', () => undefined); // without bwrap, nothing reads it
    filter.end(sealed ? seccompFilter(process.arch === 'arm64' ? 'arm64' : 'x64') : '');
  }
  const kill = (): void => {
    if (child.pid === undefined) return;
    try {
      if (sealed) child.kill('SIGKILL');
      else process.kill(-child.pid, 'SIGKILL');
    } catch {
      // gone already
    }
  };
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-4_000);
  });
  child.stdin.on('error', () => undefined);
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('close', (code) => resolve(code));
  });
  const ending = watchForEnd(spec.limits.timeoutMs, signal, options.gateway.ended, kill);
  const { end } = ending;

  // The runner prints `ready` and then waits for its configuration, so the limits apply before it does any work.
  // What else it prints is read, so that it is not held up, and dropped.
  const ready = new Promise<void>((resolve) => child.stdout.on('data', () => resolve()));
  const limits = await startLimits(child.pid, {
    limits: spec.limits,
    folder: folder.root,
    sealed,
    onHit: (message) => end('LimitExceeded', message),
  });
  await Promise.race([ready, ended]);
  await limits
    .cover()
    .catch((error: Error) => end('SandboxLost', `the limits could not be applied to its processes: ${error.message}`));
  // The gateway starts and files are copied in parallel. If either fails, the gateway ends, which ends the sandbox.
  const configure = async (): Promise<void> => {
    const [prepared] = await Promise.all([options.prepared, options.gateway.ready]);
    // The secrets are only for a sandbox under its limits, and a timer that was cleared must not start again.
    if (ending.failure() !== undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.stdin.write(`${JSON.stringify({ ...bootOf(options, system, links), ...prepared })}\n`);
    ending.begin(); // the preparation does not count
  };
  await Promise.race([configure().catch(() => undefined), ended]);

  const code = await ended;
  ending.stop();
  kill();
  const hit = await limits.stop();
  const tail = output.replaceAll(options.secrets.runner, '').replaceAll(options.secrets.agent, '').trim();
  return {
    enforcer: limits.enforcer,
    ...defined({ failure: ending.failure() }),
    ...(hit === undefined ? {} : { limit: { name: 'LimitExceeded', message: hit } }),
    lost: {
      name: 'SandboxLost',
      message: `the sandbox ended (${code ?? 'signal'}) before the end of its phase. ${tail}`.trim(),
    },
    crashed: code !== 0,
  };
}

/** What runs in a sandbox may use a processor that is free, and gives way to the pages and webhooks of the server. */
function yieldToServer(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // it has ended
  }
}

function bootOf(
  options: SandboxOptions,
  system: [string, string][],
  links: [string, string][],
): Omit<BootConfig, keyof ForRunner> {
  const { folder, secrets, isolation, runtime, hasAgentFiles } = options;
  const sealed = isolation === 'bubblewrap';
  const pick = (name: 'workspace' | 'home' | 'out' | 'tmp' | 'deps' | 'runner' | 'tools'): string =>
    sealed ? layout[name] : folder[name];
  return {
    runnerSecret: secrets.runner,
    agentSecret: secrets.agent,
    gateway: { path: sealed ? layout.gatewaySocket : folder.socket },
    relayPort: sealed ? layout.relayPort : 0,
    isolation,
    paths: {
      workspace: pick('workspace'),
      home: pick('home'),
      out: pick('out'),
      tmp: pick('tmp'),
      deps: pick('deps'),
      runner: pick('runner'),
      tools: pick('tools'),
      agent: hasAgentFiles ? (sealed ? layout.agent : folder.agent) : null,
    },
    system: sealed ? innerMounts(system) : [],
    links,
    toolPaths: sealed ? runtime.paths : [],
    sharedMemoryMb: sharedMemoryOf(options.spec.limits.memoryMb),
    notes: runtime.notes,
  };
}
