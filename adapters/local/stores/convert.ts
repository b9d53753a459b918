import { DatabaseSync } from 'node:sqlite';
import type { z } from 'zod';
import { DrydockError } from '../../../core/errors.ts';
import { mintedCredential } from '../../../core/ports/host/credentials.ts';
import { phaseRecord } from '../../../core/ports/store/phases.ts';
import { gate, vote } from '../../../core/run/gate.ts';
import { parseStored } from '../../../core/run/parse-stored.ts';
import { modelCall } from '../../../core/run/phase.ts';
import { runEvent, runRecord } from '../../../core/run/record.ts';
import { unpack } from '../../aws/dynamo/table/packing.ts';
import type { Item } from '../../aws/dynamo/table/table.ts';

type Row = Record<string, string | number | null>;
type Insert = (table: string, row: Row) => void;
/** An item of the old file: the two halves of its partition key, its sort key, and its other attributes. */
interface Old {
  id: string;
  sk: string;
  body: Item;
}

/** What becomes of an item, by the kind in its partition key and the start of its sort key. */
const conversions: Record<string, (old: Old, insert: Insert) => void> = {
  'run event': ({ id: runId, body }, insert) => {
    const event = parse(runEvent, body, `An event of run ${runId}`);
    insert('events', { runId, key: event.key, at: event.at, body: JSON.stringify(event) });
  },
  'run call': ({ id: runId, body }, insert) => {
    const call = parse(modelCall, body, `A model call of run ${runId}`);
    insert('calls', { runId, id: call.id, body: JSON.stringify(call) });
  },
  'run phase': ({ id: runId, body }, insert) => {
    const phase = parse(phaseRecord, body, `A phase of run ${runId}`);
    insert('phases', { phaseId: phase.phaseId, runId, body: JSON.stringify(phase) });
  },
  'run gate': ({ id: runId, body }, insert) => {
    const found = parse(gate, body, `A gate of run ${runId}`);
    insert('gates', { gateId: found.gateId, runId, body: JSON.stringify(found) });
  },
  'run vote': ({ id, sk, body }, insert) => {
    const found = parse(vote, body, `A vote of run ${id}`);
    insert('votes', { gateId: gateOf(sk), person: found.person, body: JSON.stringify(found) });
  },
  'run late': ({ id, sk, body }, insert) => {
    const found = parse(vote, body, `A late vote of run ${id}`);
    insert('lateVotes', { gateId: gateOf(sk), person: found.person, at: found.at, body: JSON.stringify(found) });
  },
  'budget total': ({ id, body }, insert) =>
    insert('budgets', { ...budgetOf(id), limitMicros: Number(body.limitMicros) }),
  'budget run': ({ id, body }, insert) =>
    insert('reservations', {
      ...budgetOf(id),
      runId: String(body.runId),
      taskId: String(body.taskId),
      reservedMicros: Number(body.reservedMicros),
      settledMicros: body.settledMicros === undefined ? null : Number(body.settledMicros),
    }),
  'slots holders': ({ id: scope, body }, insert) => {
    for (const runId of (body.holders as string[] | undefined) ?? []) insert('slots', { scope, runId });
  },
  'slots queue': ({ id: scope, body }, insert) =>
    insert('queue', { scope, runId: String(body.runId), at: String(body.at) }),
  'admission switch': ({ body }, insert) =>
    insert('admission', { id: 1, paused: Number(body.paused === true), changedBy: String(body.by) }),
  'baseline green': ({ id: key, body }, insert) => insert('baselines', { key, runId: String(body.runId) }),
  'specs blob': ({ id: repository, sk, body }, insert) =>
    insert('seenSpecs', { repository, blob: afterHash(sk), note: String(body.note) }),
  'specs adopted': ({ id: repository }, insert) => insert('importedRepositories', { repository }),
  'credentials ': ({ body }, insert) => {
    const found = parse(mintedCredential, body, 'A minted credential');
    insert('credentials', { owner: found.owner, id: found.id, body: JSON.stringify(found) });
  },
  'links ': ({ id: repository, sk: key, body }, insert) =>
    insert('runLinks', { repository, key, runId: String(body.runId) }),
  // Indexes of the old file; ours are columns, and a table that is derived from the records.
  'task ': () => undefined,
  'runs ': () => undefined,
};

/**
 * Copies the records of an earlier version into the empty tables. It had an embedded DynamoDB, whose file is an SQLite
 * database too: three tables, and an item in DynamoDB's JSON in each row.
 * @param file Path of the old file, which is only read.
 * @throws RecordUnreadable if an item is unknown or does not match its schema; the caller then rolls back.
 */
export function convertDynamo(file: string, db: DatabaseSync): void {
  const insert: Insert = (table, row) => {
    const names = Object.keys(row);
    db.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`).run(
      ...Object.values(row),
    );
  };
  const records = new Map<string, Item>();
  for (const { pk, sk, ...body } of itemsOf(file)) {
    const kind = String(pk).split('#', 1)[0] ?? '';
    const old = { id: afterHash(String(pk)), sk: String(sk), body };
    const start = old.sk.split(/[#.]/, 1)[0] ?? '';
    if (kind === 'run' && start === 'record') records.set(old.id, { ...records.get(old.id), ...body });
    else {
      const convert = conversions[`${kind} ${start}`] ?? conversions[`${kind} `];
      if (!convert)
        throw new DrydockError('RecordUnreadable', `${file} has an item of an unknown kind: ${kind} ${start}.`);
      convert(old, insert);
    }
  }
  for (const [runId, { listKey: _listKey, ...packed }] of records) {
    const record = parse(runRecord, unpack(packed, runId), `The record of run ${runId}`);
    const { repository, taskId, createdAt } = record;
    insert('runs', { runId, repository, taskId, createdAt, body: JSON.stringify(record) });
  }
}

function* itemsOf(file: string): Generator<Item> {
  const old = new DatabaseSync(file);
  try {
    for (const table of ['runs', 'ledger', 'gates']) {
      for (const { item_json } of old.prepare(`SELECT item_json FROM "${table}"`).iterate())
        yield fromAttribute({ M: JSON.parse(String(item_json)) }) as Item;
    }
  } finally {
    old.close();
  }
}

/** The value of an attribute in DynamoDB's JSON; a set becomes a list. */
function fromAttribute(attribute: Record<string, unknown>): unknown {
  const [[type, value] = ['NULL', true]] = Object.entries(attribute);
  if (type === 'M')
    return Object.fromEntries(
      Object.entries(value as Record<string, Record<string, unknown>>).map(([key, each]) => [key, fromAttribute(each)]),
    );
  if (type === 'L') return (value as Record<string, unknown>[]).map(fromAttribute);
  if (type === 'N') return Number(value);
  if (type === 'B') return Uint8Array.from(Buffer.from(String(value), 'base64'));
  return type === 'NULL' ? null : value;
}

const parse = <T>(schema: z.ZodType<T>, body: Item, what: string): T => parseStored(schema, body, what);
const afterHash = (key: string): string => key.slice(key.indexOf('#') + 1);
/** `vote#GATE#PERSON` and `late#GATE#PERSON#TIME`; a gate's id has no number sign. */
const gateOf = (sk: string): string => sk.split('#')[1] ?? '';
/** `TEAM#SPRINT`; a sprint is a date. */
function budgetOf(id: string): { team: string; sprint: string } {
  const at = id.lastIndexOf('#');
  return { team: id.slice(0, at), sprint: id.slice(at + 1) };
}
