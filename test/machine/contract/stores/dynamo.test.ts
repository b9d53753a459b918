import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createBaselines } from '../../../../adapters/aws/dynamo/baselines.ts';
import { createOutbox } from '../../../../adapters/aws/dynamo/outbox.ts';
import { createRuns } from '../../../../adapters/aws/dynamo/runs.ts';
import { Table } from '../../../../adapters/aws/dynamo/table/table.ts';
import { startDynamo, testTables } from '../../../support/dynamo.ts';
import { sampleNotice } from '../../../support/notices.ts';
import { removeTempFolders, tempFolder } from '../git-fixture.ts';
import { record } from './store-adapters.ts';

const id = 'r-0001';
afterAll(removeTempFolders);

it('what nothing needs later has a time after which DynamoDB deletes it (AWS-REVIEW F19)', async () => {
  const own = await startDynamo(':memory:');
  try {
    const now = Date.parse('2026-11-28T00:00:00Z');
    const baselines = createBaselines(own.client, testTables.ledger, () => now);
    await baselines.remember('digest', 'r-1');
    const notice = sampleNotice('plan', { key: 'gate-1', at: new Date(now).toISOString() });
    const outbox = createOutbox(own.client, testTables.gates);
    await outbox.add({ notice, subject: 's', text: 't', deliveries: [], version: 1 });
    const [baseline, sent] = await Promise.all([
      new Table(own.client, testTables.ledger).get('baseline#digest', 'green'),
      new Table(own.client, testTables.gates).get('notice#gate-1', 'notice'),
    ]);
    const date = (seconds: unknown): string => new Date(Number(seconds) * 1_000).toISOString().slice(0, 10);
    // A gate waits for a year at most, and its messages are sent once until then.
    expect([date(baseline?.expiresAt), date(sent?.expiresAt)]).toEqual(['2027-02-26', '2028-01-02']);
    expect(await baselines.find('digest')).toBe('r-1');
  } finally {
    await own.close();
  }
});

describe('runs on DynamoDB', () => {
  it('of version 0.1.0, one item each, are refused by name', async () => {
    const old = await startDynamo(join(tempFolder(), 'old'));
    try {
      await new Table(old.client, testTables.runs).put({
        ...{ pk: `run#${id}`, sk: 'record', listKey: 'run', createdAt: '2026-11-21T00:00:00.000Z' },
        ...{ runId: id, status: 'delivered', version: 3 },
      });
      const earlier = createRuns(old.client, testTables.runs);
      await expect(earlier.get(id)).rejects.toMatchObject({ name: 'RecordUnreadable' });
      await expect(earlier.list()).rejects.toMatchObject({ name: 'RecordUnreadable' });
    } finally {
      await old.close();
    }
  });

  it('never have the facts of another, whose creation was interrupted', async () => {
    const own = await startDynamo(join(tempFolder(), 'interrupted'));
    try {
      let puts = 0;
      let failing = true;
      own.client.middlewareStack.add(
        (next, { commandName }) =>
          async (args) => {
            if (commandName === 'PutItemCommand' && failing && ++puts === 3) throw new Error('interrupted');
            return next(args);
          },
        { step: 'initialize' },
      );
      const interrupted = createRuns(own.client, testTables.runs);
      const first = record(id, { requester: 'first', capMicros: 9 });
      await expect(interrupted.create(first)).rejects.toThrow('interrupted');
      failing = false;
      expect(await interrupted.get(id)).toBeUndefined();
      await interrupted.create(record(id, { requester: 'second', capMicros: 1 }));
      expect(await interrupted.get(id)).toMatchObject({ requester: 'second', capMicros: 1 });
      await expect(interrupted.create(first)).rejects.toMatchObject({ name: 'AlreadyClaimed' });
      expect(await interrupted.get(id)).toMatchObject({ requester: 'second', capMicros: 1 });
    } finally {
      await own.close();
    }
  });
});

describe('the embedded server', () => {
  it('keeps what was written, and can be closed twice or after it died', async () => {
    const file = join(tempFolder(), 'db');
    const first = await startDynamo(file);
    await createRuns(first.client, testTables.runs).create(record(id));
    await first.close();
    await first.close();
    const second = await startDynamo(file);
    expect((await createRuns(second.client, testTables.runs).get(id))?.runId).toBe(id);
    for (const pid of serversOf(file)) process.kill(pid, 'SIGKILL');
    await expect.poll(() => serversOf(file)).toEqual([]);
    await second.close();
  });

  it('ends with its owner, also when that is killed', async () => {
    const file = join(tempFolder(), 'db');
    const script = `import { startDynamo } from ${JSON.stringify(new URL('../../../support/dynamo.ts', import.meta.url).href)};
      await startDynamo(process.argv[1]);
      console.log('up');
      setInterval(() => undefined, 1000);`;
    const server = spawn(process.execPath, ['--input-type=module', '-e', script, file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => server.stdout.once('data', resolve));
    expect(serversOf(file)).toHaveLength(1);
    server.kill('SIGKILL');
    await expect.poll(() => serversOf(file), { timeout: 10_000 }).toEqual([]);
  });

  it('says what is wrong when it cannot start', async () => {
    await expect(startDynamo('/nonexistent/folder/db')).rejects.toMatchObject({
      message: expect.stringContaining('did not start'),
    });
  });
});

/** Processes that serve this very file. */
function serversOf(file: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return words.includes(file) && words.includes('serve');
      } catch {
        return false;
      }
    })
    .map(Number);
}
