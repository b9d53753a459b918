import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGitCodeHost } from '../../adapters/git/code-host.ts';
import { createLocalPhaseRunner } from '../../adapters/local/sandbox/phase-runner.ts';
import { packageRoot } from '../../common/package-info.ts';
import { round } from './statistics.ts';

const files = 10_000;
const bytesOfFile = 50_000;
const changedFiles = 300;
const pollMs = 100;

export interface LargeFigures {
  files: number;
  megabytes: number;
  changedFiles: number;
  exportMs: number;
  phaseMs: number;
  /** Milliseconds by step of the build phase. */
  timings: Record<string, number>;
  /** Peak of the resident memory, in MB. */
  runnerMb: number;
  gatewayMb: number;
  serverMb: number;
}

/** One build phase on a repository of 10,000 files and 500 MB, of which the agent changes 300. */
async function benchLarge(): Promise<LargeFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-large-'));
  const peaks = { runner: 0, gateway: 0 };
  const timer = setInterval(() => look(peaks), pollMs);
  try {
    const repository = makeRepository(folder);
    const base = git(repository, 'rev-parse', 'HEAD');
    const dataDir = join(folder, 'data');
    mkdirSync(dataDir, { mode: 0o700 });
    const exporting = performance.now();
    const baseRepository = await createGitCodeHost(dataDir).exportBase(repository, base, 1);
    const exportMs = performance.now() - exporting;
    const agentFiles = join(folder, 'agent');
    mkdirSync(agentFiles);
    writeFileSync(
      join(agentFiles, 'agent.mjs'),
      `import fs from 'node:fs'; for (let i = 0; i < ${changedFiles}; i++) fs.appendFileSync('d' + (i % 100) + '/' + i + '.bin', 'x');`,
    );
    const end = await createLocalPhaseRunner({ dataDir, packageRoot: packageRoot() }).run(
      {
        inputs: new Map(),
        baseRepository,
        agentFiles,
        registries: [],
        hosts: [],
        spec: {
          phaseKey: 'bench/build/1/1',
          runId: 'bench',
          taskId: 'BENCH',
          phase: 'build',
          base,
          inputs: [],
          prompt: 'x',
          agent: { profile: 'x', kind: 'command', command: ['node', '/agent/agent.mjs'], files: true, plans: false },
          baseline: false,
          knownFailures: [],
          commands: [],
          sandbox: { runtime: 'node:24', dependencies: [], env: {}, testCommand: 'true' },
          limits: { timeoutMs: 600_000, cpu: 2, memoryMb: 4_096, pids: 256, diskMb: 10_240 },
        },
      },
      { signal: new AbortController().signal, onEvent: () => undefined },
    );
    if (end.result?.outcome !== 'built') throw new Error(JSON.stringify(end.failure ?? end.result));
    return {
      files,
      megabytes: (files * bytesOfFile) / 1e6,
      changedFiles,
      exportMs: round(exportMs, 0),
      phaseMs: round(end.ms, 0),
      timings: end.result.timings,
      runnerMb: round(peaks.runner, 0),
      gatewayMb: round(peaks.gateway, 0),
      serverMb: round(peakOf('self'), 0),
    };
  } finally {
    clearInterval(timer);
    rmSync(folder, { recursive: true, force: true });
  }
}

const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@example.com', ...args], {
    cwd,
    encoding: 'utf8',
  }).trim();

/** Contents that do not compress, as pictures and archives. */
function makeRepository(folder: string): string {
  const repository = join(folder, 'repo');
  mkdirSync(repository);
  git(repository, 'init', '-q', '-b', 'main');
  for (let i = 0; i < files; i++) {
    const place = join(repository, `d${i % 100}`);
    if (i < 100) mkdirSync(place);
    writeFileSync(join(place, `${i}.bin`), randomBytes(bytesOfFile));
  }
  git(repository, '-c', 'core.compression=0', 'add', '--all');
  git(repository, 'commit', '-q', '-m', 'large');
  return repository;
}

/** Notes the peaks of the runner and the gateway among the processes that this one started. */
function look(peaks: { runner: number; gateway: number }): void {
  const parents = new Map<string, string>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    parents.set(pid, /PPid:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? '');
  for (const pid of parents.keys()) {
    let above: string | undefined = pid;
    while (above !== undefined && above !== String(process.pid)) above = parents.get(above);
    const [program, ...args] = read(`/proc/${pid}/cmdline`).split('\0');
    if (above === undefined || program?.endsWith('node') !== true) continue;
    if (args.some((arg) => arg.endsWith('/runner.cjs'))) peaks.runner = Math.max(peaks.runner, peakOf(pid));
    if (args.some((arg) => arg.endsWith('/gateway.cjs'))) peaks.gateway = Math.max(peaks.gateway, peakOf(pid));
  }
}

/** Empty if the process has ended. */
function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

const peakOf = (pid: string): number => Number(/VmHWM:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1_000;

console.log(JSON.stringify(await benchLarge()));
