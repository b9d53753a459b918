import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Table } from '../../../../adapters/aws/dynamo/table/table.ts';
import { openStores } from '../../../../adapters/local/stores/open-stores.ts';
import type { Gate, Vote } from '../../../../core/run/gate.ts';
import { startDynamo, testTables } from '../../../support/dynamo.ts';
import { removeTempFolders, tempFolder } from '../git-fixture.ts';
import { dynamoStores, record, type Stores } from './store-adapters.ts';

afterAll(removeTempFolders);

const at = '2026-01-02T00:00:00.000Z';
const sprint = '2026-01-01';
const gate: Gate = {
  ...{ gateId: 'r-1.review.1', runId: 'r-1', taskId: 'T-1', kind: 'review', round: 1, head: 'h', title: 't', text: '' },
  ...{ acceptable: false, approvers: ['lead'], needsPerson: false, requester: 'dev', eligible: ['lead'], required: 2 },
  ...{ solo: false, revisionsLeft: 0, approvals: [], status: 'pending', token: 'sealed', delivered: false },
  ...{ openedAt: at, expiresAt: '2027-01-01T00:00:00.000Z', version: 1 },
};
const vote: Vote = { person: 'lead', choice: 'approve', text: '', head: 'h', at, late: false };

/** Something in each store, written through its port. */
async function fill(stores: Omit<Stores, 'close'>): Promise<void> {
  const { runs, gates, phases, ledger, admission, baselines, seenSpecs, runLinks, credentials } = stores;
  await runs.create(record('r-1', { branch: '~odd', work: { ...record('r-1').work, plan: 'f'.repeat(64) } }));
  await runs.create(record('r-2', { createdAt: at }));
  await runs.append('r-1', { key: 'started', at, type: 'started', text: 'Started', data: { n: [1, null, true] } });
  const request = { runId: 'r-1', phase: 'build', round: 1 } as const;
  await phases.launch({ phaseId: 'r-1/build/1', runId: 'r-1', token: 'sealed', request });
  await phases.end('r-1/build/1', 1, { output: { outcome: 'built' }, patch: { durations: { 'build/1': 12.5 } } });
  await gates.open(gate);
  await gates.recordLate('r-1.review.1', { ...vote, late: true });
  await ledger.reserve({ runId: 'r-1', taskId: 'T-1', team: 'a#b', sprint, capMicros: 5, limitMicros: 9 });
  await ledger.reserve({ runId: 'r-2', taskId: 'T-1', team: 'a#b', sprint, capMicros: 2, limitMicros: 9 });
  await ledger.settle({ runId: 'r-1', team: 'a#b', sprint, spentMicros: 3 });
  await ledger.recordCalls('r-1', [
    {
      ...{ id: 'c1', provider: 'p', model: 'm', kind: 'k', inputTokens: 1, outputTokens: 1, cachedTokens: 0 },
      ...{ usdMicros: 3, state: 'settled' },
    },
  ]);
  await admission.acquireSlot('all', 'r-1', 2);
  await admission.enqueue('all', 'r-2', at);
  await admission.setPaused(true, 'lead');
  await baselines.remember('a'.repeat(64), 'r-1');
  await seenSpecs.remember('acme/a', 'b1', 'r-1');
  await seenSpecs.markImported('acme/a');
  await runLinks.link('acme/a', 'pull:1', 'r-1');
  await credentials.remember({ id: 'c', owner: 'r-1', purpose: 'read', sealed: 's', expiresAt: at });
}

/** What every port says of it. */
async function read(stores: Omit<Stores, 'close'>): Promise<unknown> {
  const { runs, gates, phases, ledger, admission, baselines, seenSpecs, runLinks, credentials } = stores;
  return {
    runs: [await runs.list(), await runs.byTask('acme/r-1', 'T-1'), await runs.events('r-1')],
    phases: await phases.byRun('r-1'),
    gates: [await gates.byRun('r-1'), await gates.votes('r-1.review.1')],
    ledger: [await ledger.budget('a#b', sprint), await ledger.calls('r-1')],
    admission: [await admission.slotHolders('all'), await admission.queue('all'), await admission.paused()],
    baselines: await baselines.find('a'.repeat(64)),
    seenSpecs: [await seenSpecs.blobs('acme/a'), await seenSpecs.imported('acme/a')],
    runLinks: await runLinks.find('acme/a', 'pull:1'),
    credentials: [await credentials.owners(), await credentials.of('r-1')],
  };
}

/** Changes what the earlier version stored otherwise: a vote was an item, and no index knew unfinished runs. */
async function asEarlier({ client }: Awaited<ReturnType<typeof startDynamo>>): Promise<void> {
  const [runs, gates] = [new Table(client, testTables.runs), new Table(client, testTables.gates)];
  await gates.put({ pk: 'run#r-1', sk: `vote#${gate.gateId}#${vote.person}`, ...vote });
  await gates.update('run#r-1', `gate#${gate.gateId}`, {
    UpdateExpression: 'SET version = :v, approvals = :a',
    ExpressionAttributeValues: { ':v': gate.version + 1, ':a': [vote.person] },
  });
  for (const runId of ['r-1', 'r-2'])
    await runs.update(`run#${runId}`, 'record.state', { UpdateExpression: 'REMOVE unfinished' });
}

/** A data folder as an earlier version left it. */
async function earlierFolder(write: (dynamo: Awaited<ReturnType<typeof startDynamo>>) => Promise<unknown>) {
  const folder = tempFolder();
  const dynamo = await startDynamo(join(folder, 'dynamo.db'));
  const written = await write(dynamo).finally(dynamo.close);
  return { folder, written };
}

it('the records of an earlier version are converted once, and are the same through every port', async () => {
  const { folder, written } = await earlierFolder(async (dynamo) => {
    await fill(dynamoStores(dynamo));
    await asEarlier(dynamo);
    return read(dynamoStores(dynamo));
  });
  for (let opened = 1; opened <= 2; opened++) {
    const { ports, credentials, close } = openStores(folder);
    expect(await read({ ...ports, credentials })).toEqual(written);
    close();
  }
  expect([existsSync(join(folder, 'dynamo.db')), existsSync(join(folder, 'dynamo.db.converted'))]).toEqual([
    false,
    true,
  ]);
});

it('records of version 0.1.0 and items of an unknown kind are refused by name, and nothing is changed', async () => {
  for (const [item, message] of [
    [{ pk: 'run#r-9', sk: 'record', listKey: 'run', createdAt: at, runId: 'r-9', version: 3 }, 'The record of run r-9'],
    [{ pk: 'what#x', sk: 'y' }, 'unknown kind: what y'],
  ] as const) {
    const { folder } = await earlierFolder((dynamo) => new Table(dynamo.client, testTables.runs).put(item));
    for (let attempt = 1; attempt <= 2; attempt++) {
      expect(() => openStores(folder)).toThrow(
        expect.objectContaining({ name: 'RecordUnreadable', message: expect.stringContaining(message) }),
      );
    }
    expect(existsSync(join(folder, 'dynamo.db'))).toBe(true);
  }
});

it('an earlier version that wrote after the conversion is named', async () => {
  const folder = tempFolder();
  openStores(folder).close();
  writeFileSync(join(folder, 'dynamo.db'), '');
  expect(() => openStores(folder)).toThrow(expect.objectContaining({ name: 'RecordUnreadable' }));
});

it('a file of an earlier version that cannot be read is named, and not the new one', async () => {
  for (const content of ['not a database', '']) {
    const folder = tempFolder();
    writeFileSync(join(folder, 'dynamo.db'), content);
    expect(() => openStores(folder)).toThrow(
      expect.objectContaining({
        name: 'FileUnreadable',
        message: expect.stringContaining(`${join(folder, 'dynamo.db')} is not a valid store of an earlier version`),
        remedy: expect.stringContaining(`Move ${join(folder, 'dynamo.db')} away`),
      }),
    );
  }
});
