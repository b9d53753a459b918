import { cursorOf, readCursor, searchable } from '../../../../core/listing/entry.ts';
import type { RunPage, RunQuery } from '../../../../core/ports/store/runs.ts';
import type { RunRecord } from '../../../../core/run/record.ts';
import { isFinal } from '../../../../core/run/status.ts';
import { runPk } from '../table/keys.ts';
import type { Item, Table } from '../table/table.ts';
import { byTimeIndex, unfinishedIndex } from '../table/tables.ts';
import { listPk } from './run-entry.ts';

const stateKey = 'record.state';
/** Requests for one page, each of which looks through up to a megabyte, which is about 2,000 runs. */
const maxRequests = 8;

/** Parts of the list that one page looks through for runs that ended in some way. */
const maxParts = 8;

/** Reads the records of runs; those that cannot be read apart. */
type Records = (ids: string[]) => Promise<{ runs: RunRecord[]; faults: { runId: string; error: Error }[] }>;

/** A page of the list of runs. */
export async function listing(table: Table, recordsOf: Records, query: RunQuery): Promise<RunPage> {
  const page: RunPage = { runs: [], unreadable: [] };
  let before = query.before;
  for (let parts = 0; parts < maxParts; parts++) {
    const { ids, next } = await findEntries(table, { ...query, before });
    const { runs, faults } = await recordsOf(ids);
    // No index has how a run ended, and an index may lag behind the records.
    page.runs.push(
      ...runs
        .filter(({ status }) => query.statuses?.includes(status) ?? true)
        .filter(({ parent }) => query.parts === true || parent === undefined),
    );
    page.unreadable.push(...faults.map(({ runId }) => runId));
    const last = page.runs.length > query.limit ? page.runs[query.limit - 1] : undefined;
    if (last) return { ...page, runs: page.runs.slice(0, query.limit), next: cursorOf(last) };
    if (next === undefined) return page;
    before = next;
    if (page.runs.length === query.limit || query.statuses === undefined) break;
  }
  return before === undefined ? page : { ...page, next: before };
}
export type Listing = typeof listing;

/** Ids of the runs of a page, newest first. A filter by status is applied where an index has it, else to the records. */
async function findEntries(table: Table, query: RunQuery): Promise<{ ids: string[]; next?: string }> {
  const filtered = [query.repository, query.team, query.by, query.text, query.scope].some((each) => each !== undefined);
  if (filtered) return inList(table, query);
  const unfinished = query.statuses?.every((status) => !isFinal(status)) ?? false;
  return inIndex(table, query, unfinished ? [unfinishedIndex, 'unfinished'] : [byTimeIndex, 'listKey']);
}

/** One request for a page without filters of facts. */
async function inIndex(
  table: Table,
  { before, limit }: RunQuery,
  [IndexName, key]: [string, string],
): Promise<{ ids: string[]; next?: string }> {
  const start = before === undefined ? undefined : readCursor(before);
  const { items, next } = await table.queryPage({
    IndexName,
    KeyConditionExpression: '#key = :run',
    ExpressionAttributeNames: { '#key': key },
    ExpressionAttributeValues: { ':run': 'run' },
    ScanIndexForward: false,
    Limit: limit,
    ExclusiveStartKey: start && { [key]: 'run', createdAt: start.createdAt, pk: runPk(start.runId), sk: stateKey },
  });
  const ids = items.map(({ pk }) => String(pk).slice(runPk('').length));
  const last = items.at(-1);
  return {
    ids,
    ...(next && last ? { next: cursorOf({ createdAt: String(last.createdAt), runId: ids.at(-1) ?? '' }) } : {}),
  };
}

/** The newest entries that match, in as few requests as their sizes allow. */
async function inList(table: Table, query: RunQuery): Promise<{ ids: string[]; next?: string }> {
  const { before, limit } = query;
  const { names, values, filter } = filterOf(query);
  const found: string[] = [];
  let start: Item | undefined = before === undefined ? undefined : { pk: listPk, sk: before };
  for (let requests = 0; requests < maxRequests; requests++) {
    const { items, next } = await table.queryPage({
      KeyConditionExpression: 'pk = :pk',
      FilterExpression: filter,
      ProjectionExpression: 'sk',
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: { ':pk': listPk, ...values },
      ScanIndexForward: false,
      ExclusiveStartKey: start,
    });
    found.push(...items.map(({ sk }) => String(sk)));
    start = next;
    if (found.length > limit || start === undefined) break;
  }
  const page = found.slice(0, limit);
  const next = found.length > limit ? page.at(-1) : start && String(start.sk);
  return { ids: page.map((sk) => readCursor(sk).runId), ...(next === undefined ? {} : { next }) };
}

function filterOf({ repository, team, by, text, scope }: RunQuery) {
  const conditions: string[] = [];
  const names: Record<string, string> = {};
  const values: Record<string, string> = {};
  const equal = (attribute: string, value: string | undefined): void => {
    if (value === undefined) return;
    names[`#${attribute}`] = attribute;
    values[`:${attribute}`] = value;
    conditions.push(`#${attribute} = :${attribute}`);
  };
  equal('repository', repository);
  equal('team', team);
  equal('requester', by);
  if (text !== undefined) {
    names['#search'] = 'search';
    values[':text'] = searchable(text);
    conditions.push('contains(#search, :text)');
  }
  if (scope) {
    Object.assign(names, { '#requester': 'requester', '#team': 'team' });
    values[':person'] = scope.person;
    scope.teams.forEach((each, i) => {
      values[`:team${i}`] = each;
    });
    const teams = scope.teams.map((_, i) => `:team${i}`).join(', ');
    if (teams === '') delete names['#team'];
    conditions.push(teams === '' ? '#requester = :person' : `(#requester = :person OR #team IN (${teams}))`);
    if (team !== undefined) names['#team'] = 'team';
  }
  return { names, values, filter: conditions.join(' AND ') };
}
