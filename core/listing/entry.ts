import type { RunRecord } from '../run/record.ts';

/** What a list of runs is filtered by: facts of a run that nothing changes after its start. */
export interface ListEntry {
  runId: string;
  createdAt: string;
  repository: string;
  team: string;
  requester: string;
  /** Lower case: what a search looks in. */
  search: string;
}

/** Characters of a search; a longer one finds nothing that a shorter one would not. */
export const maxSearch = 200;
const maxText = 1_000;

/** Text as it is compared in a search. */
export const searchable = (text: string): string => text.toLowerCase().trim();

/** The entry of a run in the list of runs. */
export function listEntry({
  runId,
  createdAt,
  repository,
  team,
  requester,
  taskId,
  title,
  branch,
}: Pick<
  RunRecord,
  'runId' | 'createdAt' | 'repository' | 'team' | 'requester' | 'taskId' | 'title' | 'branch'
>): ListEntry {
  const search = searchable([taskId, title, repository, requester, branch, runId].join(' ').slice(0, maxText));
  return { runId, createdAt, repository, team, requester, search };
}

/** Where a page of a list ends: the time and the id of its last run. */
export const cursorOf = ({ createdAt, runId }: Pick<RunRecord, 'createdAt' | 'runId'>): string =>
  `${createdAt} ${runId}`;

export function readCursor(cursor: string): { createdAt: string; runId: string } {
  const [createdAt = '', runId = ''] = cursor.split(' ');
  return { createdAt, runId };
}
