import { defined } from '../../core/defined.ts';
import { cut, type Facts, type RunFact } from '../../core/notification/notice.ts';
import { plannedPhases } from '../../core/plan/planned.ts';
import { oneLine } from '../../core/publish/escape.ts';
import { changeManifest } from '../../core/run/change-set.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { sizesOf } from '../publishing/verdict.ts';
import { getJson } from '../runs/artifacts.ts';
import type { RunDetail } from '../view/run-detail.ts';

const maxAsked = 240;

/** The run of a notice, from its view. */
export function runFact(
  deps: Pick<Deps, 'pageLink'>,
  detail: Pick<
    RunDetail,
    | 'runId'
    | 'taskId'
    | 'title'
    | 'repository'
    | 'team'
    | 'requester'
    | 'attempt'
    | 'instructions'
    | 'spentMicros'
    | 'capMicros'
  >,
): RunFact {
  const { runId, taskId, title, repository, team, requester, attempt, spentMicros, capMicros } = detail;
  const asked = sentenceOf(detail.instructions);
  const link = runPage(deps, runId);
  return {
    ...{ runId, taskId, title, repository, team, requester, attempt, asked, spentMicros, capMicros },
    ...defined({ link }),
  };
}

export const runPage = (deps: Pick<Deps, 'pageLink'>, runId: string): string | undefined =>
  deps.pageLink(`/runs/${encodeURIComponent(runId)}`);

/** The first sentence of a text. */
function sentenceOf(text: string): string {
  const line = oneLine(text.slice(0, 4_000));
  const end = /[.!?](?=\s)/.exec(line);
  return cut(end ? line.slice(0, end.index + 1) : line, maxAsked);
}

/** What the tests of the newest change said. */
export function testFacts({ tests }: Pick<RunDetail, 'tests'>): Pick<Facts, 'tests'> {
  if (tests === null) return {};
  const { ok, total, failed, failing, base } = tests;
  return { tests: { ok, total, failed, failing, base } };
}

/** What the newest change is: files, lines, and what the plan does not name. */
export async function changeFacts(
  deps: Pick<Deps, 'artifacts' | 'runs'>,
  record: RunRecord,
  { plan }: Pick<RunDetail, 'plan'>,
): Promise<Pick<Facts, 'change'>> {
  const { work } = record;
  if (!work.changeSet) return {};
  const manifest = changeManifest.parse(await getJson(deps.artifacts, work.changeSet.manifest));
  const sizes = await sizesOf(deps, record);
  const counts = sizes && { added: sizes.added, removed: sizes.removed, partial: false };
  const unplanned =
    plan === null
      ? undefined
      : [...plannedPhases(plan, manifest)].flatMap(([path, phase]) => (phase === undefined ? [path] : []));
  return { change: { files: manifest.entries.length, ...counts, ...defined({ unplanned }) } };
}
