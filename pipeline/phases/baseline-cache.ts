import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { PhaseEnd } from '../../core/run/phase-end.ts';
import type { PhaseRequest } from '../../core/run/phase-request.ts';
import type { Deps } from '../deps.ts';
import { getJson } from '../runs/artifacts.ts';
import { record as recordEvent } from '../runs/record-event.ts';
import type { RunContext } from '../runs/run-context.ts';

/** Only the first plan phase runs the tests on the unchanged base, before any agent of the run has worked. */
const startsWithBaseline = ({ phase, round }: PhaseRequest): boolean => phase === 'plan' && round === 1;

/** Whether a phase has to run the baseline. A cached green baseline is not run again; an event records this. */
export async function needsBaseline(deps: Deps, context: RunContext, request: PhaseRequest): Promise<boolean> {
  if (!startsWithBaseline(request)) return false;
  // Known failures need the number of tests of this base.
  if (context.task.knownFailures.length > 0) return true;
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

/** Caches a green baseline. Any other result is not cached, so that the next run repeats it. */
export async function rememberBaseline(
  deps: Deps,
  context: RunContext,
  request: PhaseRequest,
  end: PhaseEnd,
): Promise<void> {
  if (!startsWithBaseline(request) || end.result?.baseline !== 'green') return;
  await deps.baselines.remember(await baselineKey(context), request.runId);
}

/** Number of tests that the baseline of an ended phase reported. */
export const baseTestsOf = ({ result }: PhaseEnd): number | undefined =>
  result?.commands.findLast(({ name }) => name.startsWith('baseline'))?.tests?.total;

/** Number of tests at the base of a run; undefined if no summary said it. */
export async function baseTests(deps: Deps, { record }: RunContext): Promise<number | undefined> {
  const digest = record.work.results.baseTests;
  return digest === undefined
    ? undefined
    : z
        .int()
        .nonnegative()
        .parse(await getJson(deps.artifacts, digest));
}

/** Digest of everything that determines the test result: the tree with its lock file, the setup and the command. */
async function baselineKey({ record, task, host, location }: RunContext): Promise<string> {
  const { sandbox } = task.spec;
  const tree = await host.listTree(location, record.base ?? '');
  const parts = [
    [...tree].map(([path, { mode, blobSha }]) => [path, mode, blobSha]).sort(([a = ''], [b = '']) => (a < b ? -1 : 1)),
    [sandbox.runtime, sandbox.package_manager ?? null, sandbox.roots ?? null, sandbox.dependencies],
    [sandbox.setup_command ?? null, sandbox.build_command ?? null],
    Object.entries(sandbox.env).sort(([a], [b]) => (a < b ? -1 : 1)),
    sandbox.test_command,
    task.egress,
    sandbox.services === undefined ? null : [sandbox.services, task.serviceImages ?? null],
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
