import { stringify } from 'yaml';
import { DrydockError } from '../../core/errors.ts';
import { type Policy, policySchema } from '../../core/policy/schema.ts';
import type { RunRecord } from '../../core/run/record.ts';
import { submit } from '../../pipeline/commands/submit.ts';
import { survey } from '../../pipeline/reconcile/survey.ts';
import { unfinishedRuns } from '../../pipeline/runs/unfinished.ts';
import { createRandom } from './random.ts';
import { createSimulatedWorld, type World } from './world.ts';

export interface SimulateOptions {
  tasksPerDay: number;
  concurrent: number;
  hours: number;
  seed: number;
  installations: number;
  /** Probability that an event is lost. */
  lost: number;
  /** Probability that Fargate takes a Spot sandbox back. */
  spot: number;
  gateHours: number;
  phaseMinutes: number;
  damaged: number;
  reconciles: boolean;
}

export interface Simulated {
  options: SimulateOptions;
  submitted: number;
  /** Runs by their status at the end. */
  outcomes: Record<string, number>;
  /** Why runs are still open, with their number. */
  open: Record<string, number>;
  /** Ids of runs that are neither final nor open with a reason. */
  lost: string[];
  world: World;
}

const hourMs = 3_600_000;
const start = Date.parse('2026-11-23T08:00:00.000Z');
/** After the last task: most people have answered by then. */
const drainHours = 24;
/** After the end: two passes of the reconciler, and what they begin. */
const lastMs = 20 * 60_000;

/** Runs the deployment for so many hours, then until all is done or a day has passed. */
export async function simulate(options: SimulateOptions): Promise<Simulated> {
  const random = createRandom(options.seed);
  const repositories = repositoriesOf(options);
  const policy = policyOf(options, repositories);
  const { lost, spot, gateHours, phaseMinutes, damaged, reconciles } = options;
  const draws = { lost, spot, gateHours, phaseMinutes, ciMinutes: 8 };
  const world = await createSimulatedWorld({ start, random, draws, policy, damaged, reconciles });
  const { clock, deps, invoke } = world;
  const tasks = Math.round((options.tasksPerDay * options.hours) / 24);
  const submitted = new Set<string>();
  for (let i = 0; i < tasks; i++) {
    const drawn = random.of(`task ${i}`);
    const repository = drawn.pick(repositories);
    clock.after(drawn.next() * options.hours * hourMs, () =>
      clock.start(async () => {
        const taskId = `TASK-${i}`;
        const request = { file: `.agent-tasks/${taskId}.yaml`, bytes: specOf(taskId, repository), policy };
        for (;;) {
          try {
            await invoke('webhook-worker', taskId, async () => {
              // What a push asks of GitHub before a run starts.
              world.github.ask(repository, 8, 1);
              await submit(deps, { ...request, requester: 'dev', dryRun: false });
            });
            break;
          } catch (error) {
            // The queue delivers again. A run whose record is there is the reconciler's.
            if (error instanceof DrydockError && error.name === 'Conflict') break;
            await clock.sleep(180_000);
          }
        }
        const [run] = await deps.runs.byTask(repository, taskId);
        submitted.add(run?.runId ?? `${taskId}: no record`);
      }),
    );
  }
  const ends = start + options.hours * hourMs;
  await clock.run(ends);
  for (let hour = 1; hour <= drainHours; hour++) {
    await clock.run(ends + hour * hourMs);
    if (submitted.size === tasks && world.engine.list({ status: 'RUNNING' }).length === 0) break;
  }
  await clock.run(clock.now() + lastMs);
  return { options, submitted: tasks, world, ...(await verdict(world, submitted, tasks)) };
}

async function verdict(
  { deps, engine }: World,
  submitted: ReadonlySet<string>,
  tasks: number,
): Promise<Pick<Simulated, 'outcomes' | 'open' | 'lost'>> {
  const { suspects, unreadable } = await survey(deps);
  const suspected = new Set(suspects.map(({ runId }) => runId));
  const open = new Map<string, RunRecord>();
  for await (const { runs } of unfinishedRuns(deps.runs)) for (const run of runs) open.set(run.runId, run);
  const outcomes: Record<string, number> = {};
  const reasons: Record<string, number> = {};
  const lost = [...unreadable];
  const add = (counts: Record<string, number>, name: string): void => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  for (const runId of submitted) {
    const run = open.get(runId) ?? (await deps.runs.get(runId));
    if (!run) lost.push(runId);
    else if (!open.has(runId)) add(outcomes, run.error ? `${run.status} (${run.error.name})` : run.status);
    else if (!suspected.has(runId)) add(reasons, run.gate === undefined ? 'works on a phase' : `waits at ${run.state}`);
    // Between two attempts, the state machine goes on by itself.
    else if (engine.describe(runId)?.waiting === 'timer') add(reasons, 'is tried again soon');
    else lost.push(runId);
  }
  for (let missing = submitted.size; missing < tasks; missing++) lost.push('a task that was never taken in');
  return { outcomes, open: reasons, lost };
}

const repositoriesOf = ({ installations, concurrent }: SimulateOptions): string[] =>
  Array.from(
    { length: Math.max(installations, Math.ceil(concurrent / 4)) },
    (_, i) => `org-${i % installations}/repo-${i}`,
  );

function policyOf({ concurrent, spot }: SimulateOptions, repositories: string[]): Policy {
  return policySchema.parse({
    version: 1,
    people: { dev: { email: 'dev@example.com' }, lead: { email: 'lead@example.com' } },
    repositories: Object.fromEntries(
      repositories.map((name) => [name, { host: 'github', trusted_branches: ['main'], team: 'web' }]),
    ),
    agents: {
      default: 'codemod',
      profiles: { codemod: { kind: 'command', command: ['node', '/agent/agent.mjs'] } },
    },
    sandbox: { spot: spot > 0 },
    limits: { concurrent_runs: 20, concurrent_runs_total: concurrent },
    review: { approvers: ['lead'], plan: 'optional' },
    budgets: { web: { sprint_starts: '2026-11-16', sprint_days: 14, limit_usd: 10_000_000 } },
  });
}

const specOf = (taskId: string, repository: string): Uint8Array =>
  Buffer.from(
    stringify({
      task_id: taskId,
      repository,
      target_branch: 'main',
      output_branch_prefix: `agent/${taskId.toLowerCase()}`,
      instructions: 'Make add in src/math.js add.',
      constraints: ['Change only src/math.js'],
      sandbox: { package_manager: 'npm', runtime: 'node:24', test_command: 'npm test' },
      review: { require_human_approval: true, required_reviewers: 1, ci_gates: ['test'] },
    }),
  );
