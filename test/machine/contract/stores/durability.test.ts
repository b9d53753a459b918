import { spawn } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../../../adapters/local/storage/database.ts';
import { openStores } from '../../../../adapters/local/stores/open-stores.ts';
import { unfinished } from '../../../../adapters/local/stores/tables.ts';
import { removeTempFolders, tempFolder } from '../git-fixture.ts';
import { record } from './store-adapters.ts';

afterAll(removeTempFolders);

const open = (file: string, size?: number) =>
  openDatabase(file, {
    schema: (db) =>
      db.exec(`${size === undefined ? '' : `PRAGMA max_page_count = ${size};`} CREATE TABLE IF NOT EXISTS t (x TEXT)`),
    what: 'test',
    remedy: 'None.',
  });

describe('the stores of one machine', () => {
  it('keep each acknowledged write when their process is killed', async () => {
    const folder = tempFolder();
    const module = (path: string): string => JSON.stringify(new URL(`../../../../${path}`, import.meta.url).href);
    const script = `import { openStores } from ${module('adapters/local/stores/open-stores.ts')};
      import { record } from ${module('test/machine/contract/stores/store-adapters.ts')};
      const { runs } = openStores(${JSON.stringify(folder)}).ports;
      for (let i = 0; ; i++) {
        await runs.create(record('r-' + i));
        process.stdout.write(i + '\\n');
      }`;
    const writer = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let out = '';
    await new Promise<void>((resolve) => {
      writer.stdout.on('data', (chunk: Buffer) => {
        out += chunk.toString();
        if (out.split('\n').length > 200) writer.kill('SIGKILL');
      });
      writer.on('close', () => resolve());
    });
    const acknowledged = out.slice(0, out.lastIndexOf('\n')).split('\n').length;
    const { ports, close } = openStores(folder);
    for (let i = 0; i < acknowledged; i++) expect((await ports.runs.get(`r-${i}`))?.runId).toBe(`r-${i}`);
    close();
  });

  it('are held by one process at a time, and no other user can read them', () => {
    const folder = tempFolder();
    const { close } = openStores(folder);
    expect(() => openStores(folder)).toThrow(expect.objectContaining({ name: 'DataFolderBusy' }));
    close();
    openStores(folder).close();
    expect(statSync(join(folder, 'stores.sqlite')).mode & 0o077).toBe(0);
  });

  it('refuse a file of another layout or with other content', () => {
    const other = tempFolder();
    const db = new DatabaseSync(join(other, 'stores.sqlite'));
    db.exec('CREATE TABLE x (y); PRAGMA user_version = 7');
    db.close();
    expect(() => openStores(other)).toThrow(expect.objectContaining({ name: 'RecordUnreadable' }));
    const text = tempFolder();
    writeFileSync(join(text, 'stores.sqlite'), 'a file that is not a database, of some length '.repeat(100));
    expect(() => openStores(text)).toThrow(expect.objectContaining({ name: 'FileUnreadable' }));
  });

  it('find unfinished runs by an index, which the file of an earlier version gets; a damaged record is one of them', async () => {
    const folder = tempFolder();
    const first = openStores(folder);
    for (const runId of ['r-1', 'r-2', 'r-3']) await first.ports.runs.create(record(runId));
    await first.ports.runs.update('r-2', (run) => ({ ...run, status: 'delivered' }));
    first.close();
    const db = new DatabaseSync(join(folder, 'stores.sqlite'));
    db.exec(`DROP INDEX runsUnfinished; UPDATE runs SET body = 'not JSON' WHERE runId = 'r-3'`);
    db.close();
    const again = openStores(folder);
    const { runs, unreadable } = await again.ports.runs.unfinished({ limit: 10 });
    expect([runs.map(({ runId }) => runId), unreadable]).toEqual([['r-1'], ['r-3']]);
    again.close();
    const plans = new DatabaseSync(join(folder, 'stores.sqlite'));
    const plan = plans.prepare(
      `EXPLAIN QUERY PLAN SELECT runId FROM runs WHERE ${unfinished} AND (createdAt, runId) > ('', '') ORDER BY createdAt, runId`,
    );
    expect(JSON.stringify(plan.all())).toContain('runsUnfinished');
    plans.close();
  });

  it('name a record whose body was changed', async () => {
    const folder = tempFolder();
    const first = openStores(folder);
    await first.ports.runs.create(record('r-1'));
    first.close();
    const db = new DatabaseSync(join(folder, 'stores.sqlite'));
    db.exec(`UPDATE runs SET body = '{"runId":"r-1"'`);
    db.close();
    const { ports, close } = openStores(folder);
    await expect(ports.runs.get('r-1')).rejects.toMatchObject({ name: 'RecordUnreadable' });
    close();
  });
});

describe('a turn of the event loop', () => {
  it('is one transaction, in which work that throws changes nothing and affects no other', async () => {
    const db = open(join(tempFolder(), 'db'));
    const insert = db.prepare('INSERT INTO t VALUES (?)');
    const count = db.prepare('SELECT count(*) AS n FROM t');
    const ends = await Promise.allSettled([
      db.write(() => insert.run('a').changes),
      db.write(() => {
        insert.run('b');
        throw new Error('refused');
      }),
      db.write(() => count.get()?.n),
    ]);
    expect(ends.map((end) => (end.status === 'fulfilled' ? Number(end.value) : end.reason.message))).toEqual([
      1,
      'refused',
      1,
    ]);
    const pending = db.write(() => insert.run('c'));
    expect(count.get()?.n).toBe(1);
    db.close();
    await pending;
    await expect(db.write(() => 1)).rejects.toMatchObject({ name: 'FileUnreadable' });
  });

  it('of which the disk has no room for all is not written at all', async () => {
    const db = open(join(tempFolder(), 'db'), 10);
    const insert = db.prepare('INSERT INTO t VALUES (?)');
    const ends = await Promise.allSettled([
      db.write(() => insert.run('small')),
      db.write(() => insert.run('x'.repeat(100_000))),
    ]);
    expect(ends.map((end) => (end.status === 'rejected' ? end.reason.name : 'written'))).toEqual([
      'FileUnreadable',
      'FileUnreadable',
    ]);
    expect(db.prepare('SELECT count(*) AS n FROM t').get()?.n).toBe(0);
    await db.write(() => insert.run('small'));
    db.close();
  });
});
