/** The chain of what happened: whatever is changed in a store, the check finds it and names the first bad line. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DeleteCommand, DynamoDBDocumentClient, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStores } from '../../../../adapters/local/stores/open-stores.ts';
import { type ChainCheck, checkChain, deploymentChain } from '../../../../core/audit/chain.ts';
import type { Runs } from '../../../../core/ports/store/runs.ts';
import { startDynamo, type TestDynamo, testTables } from '../../../support/dynamo.ts';
import { removeTempFolders, tempFolder } from '../git-fixture.ts';
import { dynamoStores, record, type Stores, storeAdapters } from './store-adapters.ts';

afterAll(removeTempFolders);

const event = (key: string, more: object = {}) => ({
  ...{ key, at: '2026-11-01T00:00:00.000Z', type: 'vote', text: `anna: ${key}` },
  ...{ who: 'anna', channel: 'page' as const, on: 'a'.repeat(40), data: { b: [1, null], a: 'x' } },
  ...more,
});
const check = async (runs: Runs, id: string, known?: Parameters<typeof checkChain>[2]): Promise<ChainCheck> =>
  checkChain(id, await runs.chain(id), known);

describe.each(storeAdapters)('the chain in the stores of %s', (_, open) => {
  let stores: Stores;
  beforeAll(async () => {
    stores = await open();
  });
  afterAll(() => stores.close());

  test('has each event once, in order, however many write at the same time', async () => {
    await stores.runs.create(record('r-many'));
    const keys = Array.from({ length: 12 }, (_, i) => `k${i}`);
    await Promise.all([...keys, ...keys].map((key) => stores.runs.append('r-many', event(key))));
    expect(await check(stores.runs, 'r-many')).toMatchObject({ ok: true, lines: 12, before: 0, fault: null });
    const { lines } = await stores.runs.chain('r-many');
    expect(lines.map((line) => 'seq' in line && line.seq)).toEqual(keys.map((_, i) => i + 1));
  });

  test('has what happens beside runs, once per key', async () => {
    for (const key of ['a', 'b', 'a']) await stores.runs.append(deploymentChain, event(key));
    expect(await check(stores.runs, deploymentChain)).toMatchObject({ ok: true, lines: 2 });
  });

  test('of one run does not pass for that of another', async () => {
    for (const id of ['r-one', 'r-two']) await stores.runs.append(id, event('k'));
    expect(checkChain('r-two', await stores.runs.chain('r-one')).fault?.seq).toBe(1);
  });

  test('that ends before a position that is known from elsewhere was cut', async () => {
    await stores.runs.append('r-cut', event('k'));
    const { head } = await check(stores.runs, 'r-cut');
    expect((await check(stores.runs, 'r-cut', head ? [head] : [])).ok).toBe(true);
    expect((await check(stores.runs, 'r-cut', [{ seq: 2, hash: 'f'.repeat(64) }])).fault).toEqual({
      seq: 2,
      what: 'The chain ended with line 2, which is missing.',
    });
    expect((await check(stores.runs, 'r-cut', [{ seq: 1, hash: 'f'.repeat(64) }])).ok).toBe(false);
  });
});

const run = 'r-chain';
const lines = 6;
/** Another character of the same kind of text. */
const other = (char: string): string => (char === 'x' ? 'y' : 'x');
const changed = (text: string, at: number): string => {
  const i = at % text.length;
  return `${text.slice(0, i)}${other(text.charAt(i))}${text.slice(i + 1)}`;
};
type Harm = { kind: 'byte' | 'remove' | 'swap' | 'insert' | 'truncate' | 'head'; line: number; at: number };
const harms = fc.record<Harm>({
  kind: fc.constantFrom('byte', 'byte', 'byte', 'remove', 'swap', 'insert', 'truncate', 'head'),
  line: fc.nat({ max: lines - 1 }),
  at: fc.nat({ max: 2_000 }),
});

async function fill(runs: Runs): Promise<void> {
  await runs.create(record(run));
  for (let i = 0; i < lines; i++) await runs.append(run, event(`k${i}`, { at: `2026-11-01T00:00:0${i}.000Z` }));
  // As every step does; on AWS the state keeps the position of the newest line.
  await runs.update(run, (each) => ({ ...each, state: 'Build' }));
}

describe('whatever is changed is found', () => {
  test('in a file of SQLite', async () => {
    const folder = tempFolder();
    const opened = openStores(folder);
    await fill(opened.ports.runs);
    opened.close();
    const file = join(folder, 'stores.sqlite');
    const checked = async (): Promise<ChainCheck> => {
      const stores = openStores(folder);
      try {
        return await check(stores.ports.runs, run);
      } finally {
        stores.close();
      }
    };
    expect(await checked()).toMatchObject({ ok: true, lines });
    await fc.assert(
      fc.asyncProperty(harms, async ({ kind, line, at }) => {
        const db = new DatabaseSync(file);
        const rows = db.prepare('SELECT * FROM events WHERE runId = ? ORDER BY at').all(run);
        const head = db.prepare('SELECT * FROM auditHeads WHERE chain = ?').get(run);
        const harmed = harmRows(structuredClone(rows), structuredClone(head ?? {}), { kind, line, at });
        const store = (all: Record<string, unknown>[], position: Record<string, unknown>): void => {
          db.exec('DELETE FROM events; DELETE FROM auditHeads');
          const insert = db.prepare('INSERT INTO events (runId, key, at, body) VALUES (?, ?, ?, ?)');
          for (const row of all) insert.run(...['runId', 'key', 'at', 'body'].map((column) => String(row[column])));
          db.prepare('INSERT INTO auditHeads VALUES (?, ?, ?)').run(
            String(position.chain),
            Number(position.seq),
            String(position.hash),
          );
        };
        store(harmed.rows, harmed.head);
        db.close();
        const { ok, fault } = await checked();
        const again = new DatabaseSync(file);
        again.exec('DELETE FROM events; DELETE FROM auditHeads');
        again.close();
        const back = new DatabaseSync(file);
        const insert = back.prepare('INSERT INTO events (runId, key, at, body) VALUES (?, ?, ?, ?)');
        for (const row of rows) insert.run(...['runId', 'key', 'at', 'body'].map((column) => String(row[column])));
        back.prepare('INSERT INTO auditHeads VALUES (?, ?, ?)').run(run, Number(head?.seq), String(head?.hash));
        back.close();
        expect(ok).toBe(false);
        expect(fault?.seq).toBeGreaterThanOrEqual(1);
      }),
      { numRuns: 120 },
    );
    expect(await checked()).toMatchObject({ ok: true, lines });
  });

  test('in the tables of AWS', async () => {
    const dynamo: TestDynamo = await startDynamo(join(tempFolder(), 'db'));
    try {
      const { runs } = dynamoStores(dynamo);
      await fill(runs);
      const client = DynamoDBDocumentClient.from(dynamo.client);
      const TableName = testTables.runs;
      const { Items = [] } = await client.send(new ScanCommand({ TableName }));
      const isLine = (item: Record<string, unknown>) => String(item.sk).startsWith('event#');
      const stored = Items.filter((item) => item.pk === `run#${run}` && (isLine(item) || item.sk === 'record.state'));
      const put = (item: Record<string, unknown>) => client.send(new PutCommand({ TableName, Item: item }));
      const remove = ({ pk, sk }: Record<string, unknown>) =>
        client.send(new DeleteCommand({ TableName, Key: { pk, sk } }));
      expect(await check(runs, run)).toMatchObject({ ok: true, lines });
      await fc.assert(
        fc.asyncProperty(harms, async ({ kind, line, at }) => {
          const [all, state] = [stored.filter(isLine), stored.find((item) => !isLine(item)) ?? {}];
          const harmed = harmItems(structuredClone(all), structuredClone(state), { kind, line, at });
          for (const item of all) await remove(item);
          for (const item of [...harmed.items, harmed.state]) await put(item);
          const { ok, fault } = await check(runs, run);
          for (const item of harmed.items) await remove(item);
          for (const item of stored) await put(item);
          expect(ok).toBe(false);
          expect(fault?.seq).toBeGreaterThanOrEqual(1);
        }),
        { numRuns: 60 },
      );
      expect(await check(runs, run)).toMatchObject({ ok: true, lines });
    } finally {
      await dynamo.close();
    }
  }, 60_000);
});

type Row = Record<string, unknown>;

function harmRows(rows: Row[], head: Row, { kind, line, at }: Harm): { rows: Row[]; head: Row } {
  const row = rows[line] ?? {};
  const next = rows[(line + 1) % rows.length] ?? {};
  switch (kind) {
    case 'byte': {
      const column = (['body', 'body', 'body', 'key', 'at', 'runId'] as const)[at % 6] ?? 'body';
      row[column] = changed(String(row[column]), at);
      break;
    }
    case 'remove':
      rows.splice(line, 1);
      break;
    case 'swap':
      [row.body, next.body] = [next.body, row.body];
      break;
    case 'insert':
      rows.push({ ...row, key: 'added', body: String(row.body).replace(/"key":"k\d"/, '"key":"added"') });
      break;
    case 'truncate':
      rows.splice(line);
      break;
    case 'head':
      if (at % 3 === 0) head.hash = changed(String(head.hash), at);
      else if (at % 3 === 1) head.seq = Number(head.seq) + 1 + (at % 5);
      else head.chain = 'r-other';
  }
  return { rows, head };
}

function harmItems(items: Row[], state: Row, { kind, line, at }: Harm): { items: Row[]; state: Row } {
  const item = items[line] ?? {};
  const next = items[(line + 1) % items.length] ?? {};
  switch (kind) {
    case 'byte': {
      const names = ['key', 'at', 'type', 'text', 'who', 'on', 'hash', 'channel'];
      const name = names[at % names.length] ?? 'text';
      item[name] = changed(String(item[name]), at);
      break;
    }
    case 'remove':
      items.splice(line, 1);
      break;
    case 'swap':
      [item.sk, next.sk] = [next.sk, item.sk];
      break;
    case 'insert':
      items.push({ ...item, sk: 'event#000000099', key: 'added' });
      break;
    case 'truncate':
      items.splice(line);
      break;
    case 'head':
      state.audit = changed(String(state.audit), at);
  }
  return { items, state };
}
