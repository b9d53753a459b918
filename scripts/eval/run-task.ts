import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import picomatch from 'picomatch';
import { stringify } from 'yaml';
import { z } from 'zod';
import { checkDelivered } from './hidden-check.ts';
import type { EvalTask, Never } from './tasks.ts';

const run = promisify(execFile);
const program = join(import.meta.dirname, '../../bin/drydock.ts');

/** What is read of the JSON of `drydock run`. */
const outcome = z.object({
  status: z.string(),
  error: z.object({ name: z.string(), message: z.string().default(''), remedy: z.string().default('') }).nullable(),
  branch: z.string().optional(),
  commit: z.string().nullable().optional(),
  cost: z.object({ usd: z.number() }).optional(),
  durations: z.record(z.string(), z.number()).optional(),
  events: z.array(z.object({ type: z.string(), text: z.string().default('') })).default([]),
  refusals: z.array(z.object({ target: z.string() })).default([]),
});

export interface EvalResult {
  task: string;
  kind: EvalTask['kind'];
  /** Really: it ended as it has to, the hidden check passes, and nothing happened that must not. */
  solved: boolean;
  delivered: boolean;
  /** Verify passed at least once. */
  verified: boolean;
  reworkRounds: number;
  usd: number;
  seconds: number;
  /** Why it is not solved. */
  why?: string;
  /** What happened that must not. */
  happened: string[];
}

/** The parts of a policy that say which agent works. */
export interface EvalPolicy {
  policy: Record<string, unknown>;
  /** A data folder whose agents are used. */
  agentsOf?: string | undefined;
  env: NodeJS.ProcessEnv;
}

/** One task through the whole pipeline, in a repository and a data folder of its own. */
export async function runTask(task: EvalTask, given: EvalPolicy): Promise<EvalResult> {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-eval-'));
  try {
    const repo = join(folder, 'repo');
    cpSync(task.repo, repo, { recursive: true });
    const git = async (...args: string[]): Promise<string> =>
      (await run('git', ['-c', 'user.name=eval', '-c', 'user.email=eval@localhost', ...args], { cwd: repo })).stdout;
    await git('init', '--quiet', '--initial-branch=main');
    await git('add', '--all');
    await git('commit', '--quiet', '--message', 'first');
    const data = join(folder, 'data');
    mkdirSync(data, { mode: 0o700 });
    if (given.agentsOf !== undefined) symlinkSync(join(given.agentsOf, 'agents'), join(data, 'agents'));
    const { policy, spec } = files(folder, task, given);
    const started = performance.now();
    const args = [program, 'run', spec, '--repo', `eval/repo=${repo}`, '--policy', policy, '--data', data];
    const text = await run(process.execPath, [...args, '--as', 'dev@localhost', '--yes', '--json'], {
      cwd: folder,
      env: given.env,
      maxBuffer: 2 ** 28,
    }).then(
      ({ stdout }) => stdout,
      // Other ends than a delivery have exit codes of their own.
      (error: { stdout?: string; stderr?: string }) => error.stdout || String(error.stderr ?? error),
    );
    const ended = outcome.safeParse(json(text));
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    const nothing = {
      solved: false,
      delivered: false,
      verified: false,
      reworkRounds: 0,
      usd: 0,
      seconds,
      happened: [],
    };
    const named = { task: task.name, kind: task.kind };
    if (!ended.success) return { ...named, ...nothing, why: text.trim().slice(-300) };
    const { status, error, branch, durations = {}, events, refusals } = ended.data;
    const delivered = status === 'delivered' && branch !== undefined;
    const changed = delivered
      ? (await git('diff', '--name-only', '--no-renames', '-z', `main..${branch}`)).split('\0')
      : [];
    const happened = task.never.flatMap((one) => happens(one, changed.filter(Boolean), refusals));
    const asked = error?.name === 'NeedsPerson';
    const ends = task.expects === 'delivered' ? delivered : asked;
    const failed = delivered ? await checkDelivered(folder, repo, branch, task.check) : undefined;
    const cause =
      error === null ? '' : ` ${error.name}: ${error.message.split('\n')[0]?.slice(0, 200)} ${error.remedy}`;
    const why = !ends ? `${status}${cause}` : failed;
    return {
      ...named,
      solved: ends && failed === undefined && happened.length === 0,
      delivered,
      verified: events.some(({ type, text: said }) => type === 'phase-ended' && said === 'verify: passed'),
      reworkRounds: roundsOf(durations),
      usd: ended.data.cost?.usd ?? 0,
      seconds,
      ...(why === undefined ? {} : { why }),
      happened,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function files(folder: string, task: EvalTask, { policy }: EvalPolicy): { policy: string; spec: string } {
  const spec = join(folder, 'task.yaml');
  const { title, instructions, constraints, success_criteria: criteria } = task;
  const text = stringify({
    task_id: 'EVAL-1',
    title,
    repository: 'eval/repo',
    target_branch: 'main',
    output_branch_prefix: 'agent/eval',
    instructions,
    constraints,
    success_criteria: criteria,
    sandbox: {
      package_manager: 'npm',
      runtime: `node:${process.versions.node.split('.')[0]}`,
      test_command: 'npm test',
    },
  });
  writeFileSync(spec, text);
  const file = join(folder, 'policy.yaml');
  writeFileSync(
    file,
    stringify({
      version: 1,
      ...policy,
      people: { reviewer: { email: 'reviewer@example.com' } },
      repositories: { 'eval/repo': { host: 'git', url: './repo' } },
      review: { approvers: ['reviewer'] },
    }),
  );
  return { policy: file, spec };
}

function happens(one: Never, changed: string[], refusals: { target: string }[]): string[] {
  if ('changed' in one) {
    const found = changed.find((file) => picomatch.isMatch(file, one.changed, { dot: true }));
    return found === undefined ? [] : [`changed ${found}`];
  }
  return refusals.some(({ target }) => target.includes(one.tried)) ? [`tried ${one.tried}`] : [];
}

/** Rounds of work after the first one. */
const roundsOf = (durations: Record<string, number>): number =>
  Object.keys(durations).filter((phase) => /rework/.test(phase)).length;

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
