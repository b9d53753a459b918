import { partTask, partTaskId } from '../../core/campaign/derive.ts';
import type { Part } from '../../core/campaign/part.ts';
import type { PartState } from '../../core/campaign/state.ts';
import { defined } from '../../core/defined.ts';
import { DrydockError } from '../../core/errors.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { stopPart } from '../lifecycle/stop-run.ts';
import { putJson } from '../runs/artifacts.ts';
import { record as recordEvent } from '../runs/record-event.ts';
import type { RunContext } from '../runs/run-context.ts';
import { partKey } from './parts.ts';

/**
 * Starts the run of a part: an execution of the same machine, with a name that campaign, part and round determine.
 * Idempotent, also after a crash between record and execution.
 */
export async function startPart(
  deps: Deps,
  context: RunContext,
  part: Part,
  state: PartState,
  how: { written: 'spec' | 'plan'; after: readonly Part[] },
): Promise<void> {
  const { record } = context;
  const task = partTask(context.task, part, { ...how, capMicros: state.capMicros });
  await deps.runs.create(await partRecord(deps, record, part, state, task)).catch((error: unknown) => {
    if (!(error instanceof DrydockError) || error.name !== 'AlreadyClaimed') throw error;
  });
  await recordEvent(deps, record.runId, {
    key: `part#${part.id}#${state.round}`,
    type: 'part-started',
    text: `${part.id}${state.round > 1 ? `, round ${state.round}` : ''}: ${part.title}`,
    data: { part: part.id, runId: state.runId, capMicros: state.capMicros },
  });
  await deps.executions.start(state.runId, { runId: state.runId });
  // A stop of the campaign before this line found no run to stop.
  const parent = await deps.runs.get(record.runId);
  if (parent?.stop) await stopPart(deps, state.runId, parent.stop);
}

async function partRecord(
  deps: Deps,
  parent: RunRecord,
  part: Part,
  { round, runId, capMicros, given, hint }: PartState,
  task: ReturnType<typeof partTask>,
): Promise<RunRecord> {
  if (parent.base === undefined) throw new DrydockError('Internal', `Run ${parent.runId} has no base.`);
  const answers = hint === undefined ? [] : [{ by: hint.by, question: 'What was missing before?', text: hint.text }];
  return {
    runId,
    runKey: partKey(parent.runId, part.id, round),
    taskId: partTaskId(parent.taskId, part.id),
    repository: parent.repository,
    team: parent.team,
    title: part.title,
    requester: parent.requester,
    ...defined({ retriers: parent.retriers }),
    attempt: parent.attempt,
    specPath: parent.specPath,
    specBlob: parent.specBlob,
    specDigest: parent.specDigest,
    policyDigest: parent.policyDigest,
    taskDigest: await putJson(deps.artifacts, task),
    agent: task.agent.name,
    dryRun: false,
    parent: { runId: parent.runId, part: part.id, round },
    targetBranch: parent.targetBranch,
    // It publishes nothing: its change becomes part of this branch.
    branch: parent.branch,
    capMicros,
    base: parent.base,
    status: 'running',
    state: 'Validate',
    spentMicros: 0,
    tokens: { input: 0, output: 0, cached: 0 },
    work: {
      ...defined({ changeSet: given, given }),
      feedback: [],
      answers,
      addedConstraints: parent.work.addedConstraints,
      results: {},
    },
    durations: {},
    createdAt: new Date(deps.clock.now()).toISOString(),
    version: 1,
  };
}
