import { z } from 'zod';
import type { Verdict } from '../../core/publish/verdict.ts';
import { phaseResult } from '../../core/run/phase.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { baseTests } from '../phases/baseline-cache.ts';
import { getJson } from '../runs/artifacts.ts';
import type { RunContext } from '../runs/run-context.ts';
import { testSummary } from '../view/tests.ts';

const count = z.int();
/** What Publish counted of a change: its lines, and the files that are in no phase of the plan; `of` is the digest of its manifest. */
const storedSizes = z.strictObject({ of: z.string(), added: count, removed: count, unplanned: count });
export type StoredSizes = z.infer<typeof storedSizes>;
const verified = z.object({ result: phaseResult.optional() });
const manifestPaths = z.object({ entries: z.array(z.object({ path: z.string() })) });
const expected = z.object({ micros: z.object({ expected: z.int().nonnegative() }) });

/** In the event of a publication: the artifact with what was counted. */
export const sizesKey = 'sizes';

/** What was counted of the current change; undefined before it is published, and for one that is too large to be compared. */
export async function sizesOf(
  deps: Pick<Deps, 'artifacts' | 'runs'>,
  { runId, work, commit }: RunRecord,
): Promise<StoredSizes | undefined> {
  const published = commit === undefined ? [] : await deps.runs.events(runId);
  const digest = published.findLast(({ data }) => data?.[sizesKey] !== undefined)?.data?.[sizesKey];
  if (typeof digest !== 'string' || !work.changeSet) return undefined;
  const stored = storedSizes.parse(await getJson(deps.artifacts, digest));
  return stored.of === work.changeSet.manifest ? stored : undefined;
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
  const { changeSet, results } = record.work;
  const by = (how: string) => task.constraints.constraints.filter(({ enforcedBy }) => enforcedBy === how).length;
  const verify =
    results.verify === undefined ? undefined : verified.parse(await getJson(deps.artifacts, results.verify));
  return {
    tests: testSummary(verify?.result?.commands ?? [], await baseTests(deps, context)),
    change: changeSet === undefined ? null : await changeOf(deps, record, changeSet.manifest),
    constraints: { guard: by('guard'), test: by('test'), advisory: by('advisory') },
    spentMicros: record.spentMicros,
    capMicros: record.capMicros,
    expectedMicros: await expectedOf(deps, record),
  };
}

async function changeOf(deps: Deps, record: RunRecord, digest: string): Promise<NonNullable<Verdict['change']>> {
  const { entries } = manifestPaths.parse(await getJson(deps.artifacts, digest));
  const sizes = await sizesOf(deps, record);
  return {
    files: entries.length,
    added: sizes?.added,
    removed: sizes?.removed,
    unplanned: record.kind === undefined ? sizes?.unplanned : 0,
  };
}
