import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOutbox as createDynamoOutbox } from '../../../../adapters/aws/dynamo/outbox.ts';
import { openStores } from '../../../../adapters/local/stores/open-stores.ts';
import type { Delivery, Outbox, OutboxEntry } from '../../../../core/ports/store/outbox.ts';
import { startDynamo, testTables } from '../../../support/dynamo.ts';
import { sampleNotice } from '../../../support/notices.ts';
import { removeTempFolders, tempFolder } from '../git-fixture.ts';

const adapters: [string, () => Promise<{ outbox: Outbox; close(): unknown }>][] = [
  ['one machine', async () => openStores(tempFolder())],
  [
    'AWS',
    async () => {
      const dynamo = await startDynamo(':memory:');
      return { outbox: createDynamoOutbox(dynamo.client, testTables.gates), close: dynamo.close };
    },
  ],
];
afterAll(removeTempFolders);

const delivery = (to: string, more: Partial<Delivery> = {}): Delivery => ({
  ...{ channel: 'mail', to, state: 'pending', dueAt: '2026-11-27T07:00:00.000Z', attempts: 0 },
  ...more,
});
const entry = (key: string, minute: number, deliveries: Delivery[]): OutboxEntry => ({
  notice: sampleNotice('plan', { key, at: `2026-11-27T06:${String(minute).padStart(2, '0')}:00.000Z` }),
  ...{ subject: key, text: 't', deliveries, version: 1 },
});

describe.each(adapters)('R24 the outbox of %s', (_, open) => {
  let outbox: Outbox;
  let close: () => unknown;
  beforeAll(async () => {
    const opened = await open();
    outbox = opened.outbox;
    close = () => opened.close();
  });
  afterAll(() => close());

  it('keeps the first of many with the same key, whatever the key holds', async () => {
    const key = '../../gate#1 "x"';
    const stored = await Promise.all(
      Array.from({ length: 8 }, (__, i) => outbox.add({ ...entry(key, 1, []), text: `${i}` })),
    );
    expect(new Set(stored.map(({ text }) => text)).size).toBe(1);
    expect(await outbox.get(key)).toEqual(stored[0]);
    expect(await outbox.get('unknown')).toBeUndefined();
  });

  it('lets one of many claim a delivery, and the others read again', async () => {
    const added = await outbox.add(entry('claimed', 2, [delivery('anna')]));
    const claims = await Promise.all(
      Array.from({ length: 8 }, () => outbox.replace(added, [delivery('anna', { state: 'sending', attempts: 1 })])),
    );
    expect(claims.filter((claim) => claim !== undefined)).toHaveLength(1);
    expect(await outbox.get('claimed')).toMatchObject({ version: 2, deliveries: [{ state: 'sending', attempts: 1 }] });
  });

  it('finds what is due, the earliest first, until it is sent, failed or obsolete', async () => {
    const late = await outbox.add(entry('late', 3, [delivery('anna', { dueAt: '2026-11-27T09:00:00.000Z' })]));
    await outbox.add(
      entry('early', 4, [delivery('anna', { dueAt: '2026-11-27T08:00:00.000Z' }), delivery('ben', { state: 'sent' })]),
    );
    await outbox.add(entry('lease', 5, [delivery('anna', { state: 'sending', dueAt: '2026-11-27T08:30:00.000Z' })]));
    await outbox.add(entry('done', 6, [delivery('anna', { state: 'failed' }), delivery('ben', { state: 'obsolete' })]));
    const due = async (now: string): Promise<string[]> =>
      (await outbox.due(now, 50)).filter((key) => ['late', 'early', 'lease', 'done'].includes(key));
    expect(await due('2026-11-27T07:59:59.999Z')).toEqual([]);
    expect(await due('2026-11-27T09:00:00.000Z')).toEqual(['early', 'lease', 'late']);
    await outbox.replace(late, [delivery('anna', { state: 'sent' })]);
    expect(await due('2026-11-28T00:00:00.000Z')).toEqual(['early', 'lease']);
  });

  it('lists the newest first, as many as asked for', async () => {
    expect((await outbox.list(3)).map(({ notice }) => notice.key)).toEqual(['done', 'lease', 'early']);
  });
});
