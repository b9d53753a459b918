import { defined } from '../../core/defined.ts';
import type { ErrorView } from '../../core/errors.ts';
import { usdOf } from '../../core/money/format.ts';
import type { PullRequestRef } from '../../core/ports/host/code-host.ts';
import type { Refusal } from '../../core/run/phase.ts';
import type { RunEvent, RunOrigin, RunRecord, RunTrigger } from '../../core/run/record.ts';
import type { RunbookUse } from '../../core/runbook/record.ts';
import { type PartView, partsView } from '../campaign/view.ts';
import type { Deps } from '../deps.ts';
import { refusalsOf } from '../publishing/facts.ts';

/** A run as `run`, `status` and `show` print it with `--json`; users rely on this format. */
export interface RunView {
  runId: string;
  taskId: string;
  repository: string;
  attempt: number;
  status: RunRecord['status'];
  state: string;
  error: ErrorView | null;
  gate: string | null;
  branch: string;
  base: string | null;
  commit: string | null;
  pullRequest: PullRequestRef | null;
  /** The push that started the run; null if a person started it. */
  origin: RunOrigin | null;
  /** The trigger of a runbook that started the run. */
  trigger: RunTrigger | null;
  /** The runbook that the spec was made from. */
  runbook: RunbookUse | null;
  /** Names of the lessons that prompts of the run had. */
  lessons: string[];
  cost: { usd: number; tokens: { input: number; output: number; cached: number } };
  transitions: number;
  /** Milliseconds by phase, and `total` after the end. */
  durations: Record<string, number>;
  events: RunEvent[];
  /** Refused outgoing requests, each with the line that would allow it. */
  refusals: Refusal[];
  /** Of a part of a campaign: the campaign's run. */
  parent?: { runId: string; part: string };
  /** Of a campaign, once it has a plan. */
  parts?: PartView[];
  createdAt: string;
  endedAt: string | null;
}

export async function runView(
  deps: Pick<Deps, 'runs' | 'executions' | 'artifacts'>,
  record: RunRecord,
): Promise<RunView> {
  const [view, events, refusals, parts] = await Promise.all([
    shortView(deps, record),
    deps.runs.events(record.runId),
    refusalsOf(deps, record.work.results),
    partsView(deps, record),
  ]);
  return { ...view, events, refusals, ...defined({ parts }) };
}

/**
 * A run in a list or in a stream of changes: from its record alone, however much its phases left. `refusals` is empty,
 * and `run` of the service has them.
 */
export async function shortView(deps: Pick<Deps, 'executions'>, record: RunRecord): Promise<Omit<RunView, 'events'>> {
  const execution = await deps.executions.describe(record.runId);
  const total =
    record.endedAt === undefined ? {} : { total: Date.parse(record.endedAt) - Date.parse(record.createdAt) };
  return {
    runId: record.runId,
    taskId: record.taskId,
    repository: record.repository,
    attempt: record.attempt,
    status: record.status,
    state: record.state,
    error: record.error ?? null,
    gate: record.gate ?? null,
    branch: record.branch,
    base: record.base ?? null,
    commit: record.commit ?? null,
    pullRequest: record.pullRequest ?? null,
    origin: record.origin ?? null,
    trigger: record.trigger ?? null,
    runbook: record.runbook ?? null,
    lessons: record.work.lessons?.used ?? [],
    cost: { usd: usdOf(record.spentMicros), tokens: record.tokens },
    transitions: execution?.transitions ?? 0,
    durations: { ...record.durations, ...total },
    refusals: [],
    ...(record.parent ? { parent: { runId: record.parent.runId, part: record.parent.part } } : {}),
    createdAt: record.createdAt,
    endedAt: record.endedAt ?? null,
  };
}
