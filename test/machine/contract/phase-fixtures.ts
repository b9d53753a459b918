/** Small real repositories and phase jobs for the tests that run the whole sandbox. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLocalPhaseRunner, type LocalPhaseRunnerOptions } from '../../../adapters/local/sandbox/phase-runner.ts';
import type { PhaseJob, PhaseRunner } from '../../../core/ports/runtime/phase-runner.ts';
import type { PhaseEvent, PhaseSpec } from '../../../core/run/phase.ts';
import type { PhaseEnd } from '../../../core/run/phase-end.ts';

export const packageRoot = fileURLToPath(new URL('../../..', import.meta.url));

const env = {
  ...process.env,
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'test',
  GIT_AUTHOR_EMAIL: 'test@example.com',
  GIT_COMMITTER_NAME: 'test',
  GIT_COMMITTER_EMAIL: 'test@example.com',
  GIT_AUTHOR_DATE: '2026-11-01T00:00:00Z',
  GIT_COMMITTER_DATE: '2026-11-01T00:00:00Z',
};
const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

export interface World {
  root: string;
  dataDir: string;
  baseRepository: string;
  base: string;
  agentFiles: string;
  remove(): void;
}

/** A project whose test passes when `greet('a')` is `hello a`. */
export const project: Record<string, string> = {
  'package.json': JSON.stringify({
    name: 'greeter',
    version: '1.0.0',
    private: true,
    type: 'module',
    scripts: { test: 'node test.mjs' },
  }),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source of a program
  'greet.mjs': 'export const greet = (name) => `hello ${name}`;\n',
  'test.mjs':
    "import { greet } from './greet.mjs';\nif (greet('a') !== 'hello a') { console.error('not ok 1 - greets'); process.exit(1); }\nconsole.log('ok 1 - greets');\n",
};

/** Makes a bare repository with branch `base` from `files` and submodules (path → commit), and a folder of agent programs. */
export function makeWorld(
  files: Record<string, string | Buffer>,
  agents: Record<string, string> = {},
  submodules: Record<string, string> = {},
): World {
  const root = mkdtempSync(path.join(tmpdir(), 'drydock-test-'));
  const work = path.join(root, 'work');
  mkdirSync(work);
  git(work, 'init', '--quiet', '-b', 'base');
  write(work, files);
  git(work, 'add', '--all');
  for (const [name, commit] of Object.entries(submodules))
    git(work, 'update-index', '--add', '--cacheinfo', `160000,${commit},${name}`);
  git(work, 'commit', '--quiet', '-m', 'base');
  const dataDir = path.join(root, 'data');
  mkdirSync(dataDir, { mode: 0o700 });
  const baseRepository = path.join(dataDir, 'base.git');
  git(root, 'clone', '--quiet', '--bare', work, baseRepository);
  const agentFiles = path.join(root, 'agent');
  mkdirSync(agentFiles);
  write(agentFiles, agents);
  return {
    root,
    dataDir,
    baseRepository,
    base: git(work, 'rev-parse', 'HEAD'),
    agentFiles,
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

function write(folder: string, files: Record<string, string | Buffer>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
}

let keys = 0;

export interface JobChanges extends Partial<Omit<PhaseJob, 'spec'>> {
  spec?: Partial<Omit<PhaseSpec, 'sandbox' | 'limits'>>;
  sandbox?: Partial<PhaseSpec['sandbox']>;
  limits?: Partial<PhaseSpec['limits']>;
}

/** A build job of a `command` agent: `node /agent/agent.mjs`. */
export function makeJob(world: World, changes: JobChanges = {}): PhaseJob {
  const { spec, sandbox, limits, ...job } = changes;
  keys += 1;
  return {
    inputs: new Map(),
    baseRepository: world.baseRepository,
    agentFiles: world.agentFiles,
    registries: [],
    hosts: [],
    ...job,
    spec: {
      phaseKey: `run/build/1/${keys}`,
      runId: 'run',
      taskId: 'TASK-1',
      phase: 'build',
      base: world.base,
      inputs: [...(job.inputs?.keys() ?? [])],
      prompt: 'Greet politely.',
      agent: { profile: 'codemod', kind: 'command', command: ['node', '/agent/agent.mjs'], files: true, plans: false },
      baseline: false,
      knownFailures: [],
      commands: [],
      ...spec,
      sandbox: { runtime: 'node:24', dependencies: [], env: {}, testCommand: 'npm test', ...sandbox },
      limits: { timeoutMs: 60_000, cpu: 2, memoryMb: 1024, pids: 256, diskMb: 1024, ...limits },
    },
  };
}

export interface Ended extends PhaseEnd {
  events: PhaseEvent[];
}

type Hear = NonNullable<Parameters<PhaseRunner['run']>[1]['hear']>;

export async function runJob(
  world: World,
  job: PhaseJob,
  options: Partial<LocalPhaseRunnerOptions> & {
    signal?: AbortSignal;
    onEvent?: (event: PhaseEvent) => void;
    hear?: Hear;
  } = {},
): Promise<Ended> {
  const { signal, onEvent, hear, ...rest } = options;
  const events: PhaseEvent[] = [];
  const runner = createLocalPhaseRunner({ dataDir: world.dataDir, packageRoot, ...rest });
  try {
    const end = await runner.run(job, {
      signal: signal ?? new AbortController().signal,
      onEvent: (event) => {
        events.push(event);
        onEvent?.(event);
      },
      hear,
    });
    return { ...end, events };
  } finally {
    await runner.removed();
  }
}
