import { createHash } from 'node:crypto';
import type { PhaseEnd } from '../../core/run/phase-end.ts';
import type { PhaseRequest } from '../../core/run/phase-request.ts';
import type { Deps } from '../deps.ts';
import { record as recordEvent } from '../runs/record-event.ts';
import type { RunContext } from '../runs/run-context.ts';

/** Only the first plan of a run starts with the tests on the untouched base: before any agent of it was there. */
const startsWithBaseline = ({ phase, round }: PhaseRequest): boolean => phase === 'plan' && round === 1;

/** Whether a phase has to run the baseline. One that was green is not run again; the record then says so. */
export async function needsBaseline(deps: Deps, context: RunContext, request: PhaseRequest): Promise<boolean> {
  if (!startsWithBaseline(request)) return false;
  const by = await deps.baselines.find(await baselineKey(context));
  if (by === undefined) return true;
  await recordEvent(deps, request.runId, {
    key: 'baseline',
    type: 'baseline',
    text: `cached: the tests passed on this base in ${by}`,
    data: { cached: true, run: by },
  });
  return false;
}

/** Remembers a green baseline; a red, flaky or partly known one is run again by the next run. */
export async function rememberBaseline(
  deps: Deps,
  context: RunContext,
  request: PhaseRequest,
  end: PhaseEnd,
): Promise<void> {
  if (!startsWithBaseline(request) || end.result?.baseline !== 'green') return;
  await deps.baselines.remember(await baselineKey(context), request.runId);
}

/** Digest of all that decides how the tests end: the tree (lock file and all), what prepares it, and what is run. */
async function baselineKey({ record, task, host, location }: RunContext): Promise<string> {
  const { sandbox } = task.spec;
  const tree = await host.listTree(location, record.base ?? '');
  const parts = [
    [...tree].map(([path, { mode, blobSha }]) => [path, mode, blobSha]).sort(([a = ''], [b = '']) => (a < b ? -1 : 1)),
    [sandbox.runtime, sandbox.package_manager ?? null, sandbox.dependencies, sandbox.setup_command ?? null],
    Object.entries(sandbox.env).sort(([a], [b]) => (a < b ? -1 : 1)),
    sandbox.test_command,
    task.egress,
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
