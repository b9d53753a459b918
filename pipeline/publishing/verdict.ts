import { z } from 'zod';
import { filesOfDiff } from '../../core/diff/unified.ts';
import { plannedPhases } from '../../core/plan/planned.ts';
import { plan as planSchema } from '../../core/plan/schema.ts';
import type { FileSize } from '../../core/publish/facts.ts';
import type { Verdict } from '../../core/publish/verdict.ts';
import { phaseResult } from '../../core/run/phase.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { baseTests } from '../phases/baseline-cache.ts';
import { getJson, putJson } from '../runs/artifacts.ts';
import type { RunContext } from '../runs/run-context.ts';
import { currentDiff } from '../view/change.ts';
import { testSummary } from '../view/tests.ts';

/** Bytes of a change whose lines are counted. */
const maxDiff = 4 * 1024 * 1024;

const size = z.strictObject({
  op: z.enum(['added', 'changed', 'deleted']),
  added: z.int().nonnegative(),
  removed: z.int().nonnegative(),
});
/** The lines of each file of a change; `of` is the digest of its manifest. */
const storedSizes = z.strictObject({ of: z.string(), files: z.array(z.tuple([z.string(), size])) });
const verified = z.object({ result: phaseResult.optional() });
const manifestPaths = z.object({ base: z.string(), entries: z.array(z.object({ path: z.string() })) });
const expected = z.object({ micros: z.object({ expected: z.int().nonnegative() }) });

/** In the event of a publication: the artifact with the lines of each file. */
export const sizesKey = 'sizes';

/** Counts the lines of the change that is about to be published; undefined if it is too large to be compared. */
export async function countSizes(
  deps: Deps,
  context: RunContext,
): Promise<{ digest: string; files: Map<string, FileSize> } | undefined> {
  const { changeSet } = context.record.work;
  const diff = changeSet && (await currentDiff(deps, context, maxDiff));
  if (!diff || diff.truncated || diff.of !== changeSet.manifest) return undefined;
  const files = filesOfDiff(diff.text).map(({ path, op, added, removed }) => [path, { op, added, removed }] as const);
  return { digest: await putJson(deps.artifacts, { of: diff.of, files }), files: new Map(files) };
}

/** The counted lines of the current change by path; empty if they are not known. */
async function sizesOf(deps: Deps, { runId, work, commit }: RunRecord): Promise<Map<string, FileSize>> {
  const published = commit === undefined ? [] : await deps.runs.events(runId);
  const digest = published.findLast(({ data }) => data?.[sizesKey] !== undefined)?.data?.[sizesKey];
  if (typeof digest !== 'string' || !work.changeSet) return new Map();
  const stored = storedSizes.parse(await getJson(deps.artifacts, digest));
  return new Map(stored.of === work.changeSet.manifest ? stored.files : []);
}

/** The expected cost of a run; undefined if nothing was estimated. */
export async function expectedOf(
  deps: Pick<Deps, 'artifacts'>,
  { work }: Pick<RunRecord, 'work'>,
): Promise<number | undefined> {
  const digest = work.results.estimate;
  return digest === undefined ? undefined : expected.parse(await getJson(deps.artifacts, digest)).micros.expected;
}

/** What is known of a run's change now; before a phase ended, its cells say so. */
export async function verdictOf(deps: Deps, context: RunContext): Promise<Verdict> {
  const { record, task } = context;
  const { plan, changeSet, results } = record.work;
  const by = (how: string) => task.constraints.constraints.filter(({ enforcedBy }) => enforcedBy === how).length;
  const verify =
    results.verify === undefined ? undefined : verified.parse(await getJson(deps.artifacts, results.verify));
  return {
    tests: testSummary(verify?.result?.commands ?? [], await baseTests(deps, context)),
    change: changeSet === undefined ? null : await changeOf(deps, record, changeSet.manifest, plan),
    constraints: { guard: by('guard'), test: by('test'), advisory: by('advisory') },
    spentMicros: record.spentMicros,
    capMicros: record.capMicros,
    expectedMicros: await expectedOf(deps, record),
  };
}

async function changeOf(
  deps: Deps,
  record: RunRecord,
  digest: string,
  plan: string | undefined,
): Promise<Verdict['change']> {
  const { base, entries } = manifestPaths.parse(await getJson(deps.artifacts, digest));
  const sizes = await sizesOf(deps, record);
  const known = entries.every(({ path }) => sizes.has(path));
  const lines = (side: 'added' | 'removed') =>
    known ? [...sizes.values()].reduce((sum, each) => sum + each[side], 0) : undefined;
  const paths = { base, entries: entries.map(({ path }) => ({ op: 'delete' as const, path })) };
  const phases =
    plan === undefined || record.kind !== undefined
      ? undefined
      : plannedPhases(planSchema.parse(await getJson(deps.artifacts, plan)), paths);
  return {
    files: entries.length,
    added: lines('added'),
    removed: lines('removed'),
    unplanned: phases ? [...phases.values()].filter((phase) => phase === undefined).length : 0,
  };
}
