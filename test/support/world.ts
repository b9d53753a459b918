import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { loadPolicy, personId } from '../../cli/config/load-policy.ts';
import { openServerProcess, type ServerProcess, type ServerProcessOptions } from '../../cli/local/compose.ts';
import { follow } from '../../cli/terminal/follow.ts';
import type { Output } from '../../cli/terminal/output.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { RunView } from '../../pipeline/service/service.ts';

/** A machine of its own for a scenario: repository, agent, policy, data folder; all gone afterwards. */
export interface World {
  folder: string;
  repo: string;
  data: string;
  git(...args: string[]): string;
  /** Writes files and commits them to the checked-out branch. */
  commit(files: Record<string, string>, message?: string): string;
  policy(change?: Record<string, unknown>): string;
  spec(change?: Record<string, unknown>): { file: string; bytes: Buffer };
  /** What the agent does: the body of an ES module with `fs`, `phase`, `out` and `say` at hand. */
  agent(body: string): void;
  open(options?: Partial<ServerProcessOptions>): Promise<ServerProcess>;
  remove(): void;
}

const silent: Output = {
  json: true,
  live: false,
  columns: () => Number.POSITIVE_INFINITY,
  out: () => undefined,
  err: () => undefined,
  style: (_s, text) => text,
};

const project = {
  'package.json': JSON.stringify({
    name: 'calc',
    version: '1.0.0',
    private: true,
    type: 'module',
    scripts: { test: 'node --test' },
  }),
  'src/math.js': 'export const add = (a, b) => a - b;\n',
  'test/math.test.js':
    "import assert from 'node:assert/strict';\nimport test from 'node:test';\nimport { add } from '../src/math.js';\n\ntest('zero', () => assert.equal(add(0, 0), 0));\n",
};

/** The agent of most scenarios: it mends `add`. */
export const goodAgent = "fs.writeFileSync('src/math.js', 'export const add = (a, b) => a + b;\\n');";

export function createWorld(files: Record<string, string> = project): World {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-world-'));
  const repo = join(folder, 'repo');
  const data = join(folder, 'data');
  const git = (...args: string[]): string =>
    execFileSync(
      'git',
      ['-c', 'user.name=dev', '-c', 'user.email=dev@example.com', '-c', 'core.hooksPath=/dev/null', ...args],
      {
        cwd: repo,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    ).trim();
  const commit = (changed: Record<string, string>, message = 'change'): string => {
    for (const [path, text] of Object.entries(changed)) {
      mkdirSync(dirname(join(repo, path)), { recursive: true });
      writeFileSync(join(repo, path), text);
    }
    git('add', '--all');
    git('commit', '--quiet', '--allow-empty', '-m', message);
    return git('rev-parse', 'HEAD');
  };
  mkdirSync(repo, { recursive: true });
  git('init', '--quiet', '-b', 'main');
  commit(files, 'first');

  const world: World = {
    folder,
    repo,
    data,
    git,
    commit,
    policy(change = {}) {
      const policy = {
        version: 1,
        people: { lead: { email: 'lead@example.com' }, second: { email: 'second@example.com' } },
        repositories: { 'acme/calc': { host: 'git', url: './repo' } },
        agents: {
          default: 'codemod',
          profiles: { codemod: { kind: 'command', command: ['node', '/agent/agent.mjs'], files: './agent' } },
        },
        review: { approvers: ['lead', 'second'] },
        ...change,
      };
      const file = join(folder, 'policy.yaml');
      writeFileSync(file, stringify(policy));
      return file;
    },
    spec(change = {}) {
      const spec = {
        task_id: 'FIX-1',
        repository: 'acme/calc',
        target_branch: 'main',
        output_branch_prefix: 'agent/fix',
        instructions: 'Make add in src/math.js add.',
        constraints: ['Change only src/math.js'],
        success_criteria: [
          {
            says: 'it adds',
            run: `node -e "import('./src/math.js').then((m) => process.exit(m.add(1, 2) === 3 ? 0 : 1))"`,
          },
        ],
        sandbox: { package_manager: 'npm', runtime: 'node:24', test_command: 'npm test' },
        review: { require_human_approval: true, required_reviewers: 1 },
        ...change,
      };
      const file = join(folder, `${spec.task_id}.yaml`);
      const bytes = Buffer.from(stringify(spec));
      writeFileSync(file, bytes);
      return { file, bytes };
    },
    agent(body) {
      mkdirSync(join(folder, 'agent'), { recursive: true });
      const head =
        "import fs from 'node:fs';\nimport { execSync, spawn } from 'node:child_process';\nconst phase = process.env.DRYDOCK_PHASE;\nconst out = process.env.DRYDOCK_OUT;\nconst prompt = fs.readFileSync(process.env.DRYDOCK_PROMPT_FILE, 'utf8');\n";
      writeFileSync(join(folder, 'agent', 'agent.mjs'), `${head}${body}\n`);
    },
    open: (options = {}) => openServerProcess({ dataDir: data, ...options }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
  world.agent(goodAgent);
  world.policy();
  return world;
}

export interface RunRequest {
  spec?: Record<string, unknown>;
  attempt?: number;
  requester?: string;
  dryRun?: boolean;
  yes?: boolean;
}

/** Submits as `drydock run` does and follows until it ended or waits. */
export async function run(
  world: World,
  server: ServerProcess,
  request: RunRequest = {},
): Promise<RunView & { outcome: string }> {
  const { runId, outcome } = await submit(world, server, request);
  if (outcome === 'duplicate') return { ...(await server.service.run(runId)), outcome };
  const session = sessionOf(server);
  return {
    ...(await follow(session, runId, silent, { yes: request.yes ?? true, as: request.requester ?? 'dev@example.com' })),
    outcome,
  };
}

const sessionOf = (server: ServerProcess) => ({
  service: server.service,
  watch: server.watch,
  pages: async () => undefined,
  close: async () => undefined,
});

/** The policy of a world, as the commands load it. */
export const policyOf = (world: World): Policy =>
  loadPolicy({ policy: policyFile(world), repositories: new Map() }).policy;

export async function submit(world: World, server: ServerProcess, request: RunRequest = {}) {
  const policy = policyOf(world);
  const { file, bytes } = world.spec(request.spec);
  return server.service.submit({
    file,
    bytes,
    policy,
    requester: personId(policy, request.requester ?? 'dev@example.com'),
    attempt: request.attempt ?? 1,
    dryRun: request.dryRun ?? false,
  });
}

/** Follows a run that was submitted before. */
export const followRun = (server: ServerProcess, runId: string, yes = true): Promise<RunView> =>
  follow(sessionOf(server), runId, silent, {
    yes,
    as: 'dev@example.com',
  });

function policyFile(world: World): string {
  const file = join(world.folder, 'policy.yaml');
  if (!existsSync(file)) world.policy();
  return file;
}
