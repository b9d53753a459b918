import { createHash } from 'node:crypto';
import { DrydockError } from '../../core/errors.ts';
import type { PhaseAttempt } from '../../core/ports/runtime/launcher.ts';
import { maxRemark, maxRemarks, type Remark, type Said } from '../../core/remark/remark.ts';
import { mustActOnRun } from '../../core/review/may-act.ts';
import type { PhaseName } from '../../core/run/phase.ts';
import type { RunRecord } from '../../core/run/record.ts';
import { isFinal } from '../../core/run/status.ts';
import { findSecrets } from '../../core/secrets/known-secrets.ts';
import type { Deps } from '../deps.ts';
import { getText, putText } from '../runs/artifacts.ts';
import { record as recordEvent } from '../runs/record-event.ts';
import { loadTask } from '../runs/run-context.ts';

/** What a person says to the agents of a run. */
export interface TellRequest {
  text: string;
  /** Person id. */
  by: string;
  /** The agent ends its turn for it. */
  now: boolean;
  /** The same key is taken once: the id of a comment, or one that a command or a form makes. */
  key: string;
}

/** Whether an agent works on the run now, which then gets it, or the next phase with an agent does. */
export interface TellAnswer {
  reaches: 'agent' | 'next-phase';
}

/**
 * Gives a running agent what a person says, and every later one with its prompt (R51). It changes neither the task nor its
 * constraints.
 * @throws UsageError, SecretInRequest, VoteRefused, GateClosed for a run that has ended.
 */
export async function tellRun(deps: Deps, record: RunRecord, request: TellRequest): Promise<TellAnswer> {
  const { runId, taskId } = record;
  const { by, now } = request;
  const text = request.text.trim();
  mustActOnRun(by, record, await loadTask(deps, record), `direct ${taskId}`);
  const length = `It has ${text.length} characters.`;
  if (text === '' || text.length > maxRemark)
    throw new DrydockError('UsageError', `Say something of at most ${maxRemark} characters. ${length}`);
  const [found] = findSecrets(text);
  if (found) throw new DrydockError('SecretInRequest', `The text holds what looks like a secret (${found.what}).`);
  const key = createHash('sha256').update(request.key).digest('hex').slice(0, 32);
  const digest = await putText(deps.artifacts, text);
  const at = new Date(deps.clock.now()).toISOString();
  const after = await deps.runs.update(runId, (run) => {
    const { remarks = [] } = run.work;
    if (remarks.some((each) => each.key === key)) return undefined;
    if (isFinal(run.status))
      throw new DrydockError('GateClosed', `${taskId} has already ended: ${run.status}.`, {
        remedy: `Start another attempt with \`drydock retry ${taskId}\`, or change the spec.`,
      });
    if (remarks.length >= maxRemarks)
      throw new DrydockError('LimitExceeded', `People have said something ${maxRemarks} times in this run already.`, {
        remedy: 'Cancel the run, and write what you want into the spec.',
      });
    return { ...run, work: { ...run.work, remarks: [...remarks, { key, by, at, now, text: digest }] } };
  });
  await recordEvent(deps, runId, {
    key: `remarks#${key}`,
    type: 'remark',
    text: `${by}: ${text}`,
    data: { now },
    who: by,
  });
  const parts = Object.values(after.campaign?.parts ?? {}).filter(({ status }) => status === 'running');
  const heard = await Promise.all([after, ...parts].map(({ runId }) => bringToWorking(deps, runId)));
  return { reaches: heard.includes(true) ? 'agent' : 'next-phase' };
}

/** A reviewer judges by itself, and Verify has no agent. */
export const hears = (phase: PhaseName): boolean => phase !== 'verify' && phase !== 'review';

/** Brings all that was said to the phases of a run that work now. @returns Whether one of them hears it. */
async function bringToWorking(deps: Deps, runId: string): Promise<boolean> {
  const working = (await deps.phases.byRun(runId)).filter(
    ({ status, request }) => status === 'launched' && hears(request.phase),
  );
  if (working.length > 0) await bringRemarks(deps, runId, working);
  return working.length > 0;
}

/**
 * Brings all that was said to phases. It reads again after that: another call may have brought less, later than this one.
 * @param known The number of remarks that they have.
 */
export async function bringRemarks(
  deps: Deps,
  runId: string,
  phases: readonly PhaseAttempt[],
  known = 0,
): Promise<void> {
  for (let brought = known; ; ) {
    const record = await deps.runs.get(runId);
    const remarks = record ? await remarksFor(deps, record) : [];
    if (remarks.length <= brought) return;
    for (const phase of phases) await deps.phaseInbox.deliver(phase, remarks);
    brought = remarks.length;
  }
}

/** What an agent of a run hears: what was said to the run, and of a part what was said to its campaign, oldest first. */
export async function remarksFor(deps: Pick<Deps, 'artifacts' | 'runs'>, record: RunRecord): Promise<Remark[]> {
  const { parent } = record;
  const campaign = parent && (await deps.runs.get(parent.runId));
  const said = [...(campaign?.work.remarks ?? []), ...(record.work.remarks ?? [])];
  const ordered = said.toSorted((a, b) => Number(a.at > b.at) - Number(a.at < b.at));
  const texts = await remarksOf(deps, { remarks: ordered });
  return texts.map((each, i) => ({ key: ordered[i]?.key ?? '', ...each }));
}

/** What people said in a run, oldest first. */
export const remarksOf = (
  deps: Pick<Deps, 'artifacts'>,
  { remarks = [] }: Pick<RunRecord['work'], 'remarks'>,
): Promise<Said[]> =>
  Promise.all(remarks.map(async ({ by, now, text }) => ({ by, now, text: await getText(deps.artifacts, text) })));
