import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openStores } from '../../../../adapters/local/stores/open-stores.ts';
import { runList } from '../../../../pipeline/view/lists.ts';
import { startDynamo } from '../../../support/dynamo.ts';
import { removeTempFolders, tempFolder } from '../git-fixture.ts';
import { dynamoStores, record } from './store-adapters.ts';

afterAll(() => removeTempFolders());

const ofNumber = (i: number) =>
  record(`r-${String(i).padStart(5, '0')}`, {
    createdAt: new Date(Date.UTC(2026, 0, 1, 0, 0, i)).toISOString(),
    title: i === 0 ? 'The very first of them' : `Task ${i}`,
    repository: `acme/r${i % 7}`,
    status: i % 100 === 0 ? 'waiting' : 'delivered',
  });

test('D9 10,000 runs: a page is as quick as that of 1,000, and a search finds the first run', async () => {
  const { ports, close } = openStores(tempFolder());
  const { runs } = ports;
  const add = (from: number, to: number) =>
    Promise.all(Array.from({ length: to - from }, (_, i) => runs.create(ofNumber(from + i))));
  const pages = async (): Promise<number> => {
    const began = performance.now();
    for (let i = 0; i < 20; i++) await runList(ports, { limit: 50 });
    return performance.now() - began;
  };
  await add(0, 1_000);
  await pages();
  const few = await pages();
  await add(1_000, 10_000);
  const many = await pages();
  // The counters look at a short row for each run; the page itself does not grow.
  expect(many / few).toBeLessThan(8);
  const page = await runList(ports, { limit: 50 });
  expect(page.items).toHaveLength(50);
  expect(page.counts).toEqual({ waiting: 100, delivered: 9_900 });
  const found = await runList(ports, { text: 'VERY FIRST', limit: 50 });
  expect(found.items.map(({ runId }) => runId)).toEqual(['r-00000']);
  close();
});

test('D9 on AWS a page is one query and one read of its records, and a filter of facts too', async () => {
  const dynamo = await startDynamo(join(tempFolder(), 'db'));
  const { runs, gates } = dynamoStores(dynamo);
  await Promise.all(Array.from({ length: 120 }, (_, i) => runs.create(ofNumber(i))));
  const asked: string[] = [];
  dynamo.client.middlewareStack.add(
    (next, context) => (args) => {
      asked.push(String(context.commandName));
      return next(args);
    },
    { step: 'initialize' },
  );
  const cost = async (query: Parameters<typeof runs.page>[0]): Promise<string[]> => {
    asked.length = 0;
    await runs.page(query);
    return [...asked];
  };
  const one = ['QueryCommand', 'BatchGetItemCommand'];
  const { next } = await runs.page({ limit: 50 });
  expect(await cost({ limit: 50 })).toEqual(one);
  expect(await cost({ limit: 50, before: next })).toEqual(one);
  expect(await cost({ limit: 50, repository: 'acme/r3' })).toEqual(one);
  expect(await cost({ limit: 50, text: 'very first' })).toEqual(one);
  expect(await cost({ limit: 50, statuses: ['waiting'] })).toEqual(one);
  expect((await runList({ runs, gates }, { text: 'very first', limit: 50 })).items).toHaveLength(1);
  await dynamo.close();
});
