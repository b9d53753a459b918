import { z } from 'zod';
import { deploymentChain } from '../../core/audit/chain.ts';
import { type AuditLine, auditLines } from '../../core/audit/line.ts';
import { DrydockError } from '../../core/errors.ts';
import { pathMatcher } from '../../core/guard/paths.ts';
import type { ReadScope } from '../../core/review/readers.ts';
import type { RunEvent, RunRecord } from '../../core/run/record.ts';
import { pathFault } from '../../core/task-spec/fields.ts';
import type { Deps } from '../deps.ts';
import { getJson } from '../runs/artifacts.ts';

/** Which lines a search finds; a filter that is left out admits all. */
export interface AuditQuery {
  /** Person id, or a part of it. */
  who?: string | undefined;
  what?: string | undefined;
  /** A path or a glob that the change of a run touches. */
  path?: string | undefined;
  /** ISO 8601; the first moment, and the one after the last. */
  since?: string | undefined;
  until?: string | undefined;
  /** Found in what a line says, or in its task, whatever the case. */
  text?: string | undefined;
  /** `next` of the page before. */
  before?: string | undefined;
}

export interface AuditPage {
  /** Newest first. */
  lines: AuditLine[];
  /** Runs that were looked through. */
  runs: number;
  /** Where the next page starts; null after the last one. */
  next: string | null;
}

/** Runs of one page. Each is one query of its events. */
const runsOfPage = 50;
const maxLines = 2_000;
const manifestPaths = z.object({ entries: z.array(z.object({ path: z.string() })) });

/** Lines of all runs that the caller may read, run by run from the newest; the first page has those of the deployment. */
export async function searchAudit(deps: Deps, query: AuditQuery, scope: ReadScope): Promise<AuditPage> {
  const fault = query.path === undefined ? undefined : pathFault(query.path);
  if (fault !== undefined) throw new DrydockError('UsageError', `The path of the search is invalid: ${fault}`);
  const { runs, next } = await deps.runs.page({ limit: runsOfPage, before: query.before, scope, parts: true });
  const touched = await Promise.all(runs.map((run) => touches(deps, run, query.path)));
  const found = await Promise.all(
    runs
      .filter((_, i) => touched[i])
      .map(async ({ runId, taskId }) => auditLines(runId, taskId, inOrder(await deps.runs.events(runId)))),
  );
  const withDeployment = query.before === undefined && query.path === undefined && scope === undefined;
  const own = withDeployment ? auditLines(deploymentChain, '', inOrder(await deps.runs.events(deploymentChain))) : [];
  const lines = [...own, ...found.flat()]
    .filter((line) => matches(line, query))
    .sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : (b.seq ?? 0) - (a.seq ?? 0)));
  return { lines: lines.slice(0, maxLines), runs: runs.length, next: next ?? null };
}

/** The lines of one run, oldest first. */
export async function linesOf(deps: Pick<Deps, 'runs'>, run: RunRecord, query: AuditQuery): Promise<AuditLine[]> {
  const lines = auditLines(run.runId, run.taskId, inOrder(await deps.runs.events(run.runId)));
  return lines.filter((line) => matches(line, query));
}

const inOrder = (events: readonly RunEvent[]): RunEvent[] =>
  events.toSorted((a, b) => (a.seq ?? 0) - (b.seq ?? 0) || (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));

function matches(line: AuditLine, { who, what, since, until, text }: AuditQuery): boolean {
  const has = (part: string | undefined, ...of: string[]) =>
    part === undefined || of.some((each) => each.toLowerCase().includes(part.toLowerCase()));
  const at = Date.parse(line.at);
  return (
    has(who, line.who) &&
    (what === undefined || line.what === what) &&
    has(text, line.why, line.taskId, line.on) &&
    !(at < Date.parse(since ?? '')) &&
    !(at >= Date.parse(until ?? ''))
  );
}

async function touches(deps: Pick<Deps, 'artifacts'>, run: RunRecord, path: string | undefined): Promise<boolean> {
  if (path === undefined) return true;
  const { changeSet } = run.work;
  if (!changeSet) return false;
  const { entries } = manifestPaths.parse(await getJson(deps.artifacts, changeSet.manifest));
  const match = pathMatcher([path, `${path.replace(/\/$/, '')}/**`]);
  return entries.some((entry) => match(entry.path) !== undefined);
}
