/** R51 on AWS: the gateway of a phase brings what people said to its runner, from the object that functions write. */
import { afterAll, expect, test } from 'vitest';
import { hostGateway } from '../../../adapters/aws/gateway/host.ts';
import type { Remark } from '../../../core/remark/remark.ts';
import { bootAnswer } from '../../../sandbox/boot.ts';
import { makeJob, makeWorld, project } from '../../machine/contract/phase-fixtures.ts';
import { streamOf } from '../../support/left-phase.ts';

const world = makeWorld(project);
afterAll(() => world.remove());
const ticket = 't'.repeat(64);

test('it looks again and again, and hands over what is new to the runner alone', async () => {
  const job = makeJob(world, { spec: { remarks: ['a'] } });
  const { baseRepository: _base, agentFiles: _files, model: _model, egress: _egress, inputs, ...facts } = job;
  let stored: Remark[] | 'unreadable' = [{ key: 'a', by: 'lead', text: 'In the prompt.', now: false }];
  let looks = 0;
  const listening = Promise.withResolvers<number>();
  const stop = new AbortController();
  const ended = hostGateway({
    order: {
      ...facts,
      base: { host: 'git', scope: { repository: 'a/b' }, location: '', commit: job.spec.base, depth: 1 },
    },
    ticket,
    store: {
      input: async (_order, name) => streamOf(inputs.get(name)),
      async remarks(phaseKey) {
        expect(phaseKey).toBe(job.spec.phaseKey);
        looks += 1;
        if (stored === 'unreadable') throw new Error('503');
        return stored;
      },
      putCalls: async () => {},
      putEnd: async () => {},
    },
    prepare: () => job,
    listen: { host: '127.0.0.1', port: 0 },
    signal: stop.signal,
    onListening: listening.resolve,
  });
  const url = `http://127.0.0.1:${await listening.promise}`;
  const boot = await fetch(`${url}/boot`, { method: 'POST', headers: { authorization: `Bearer ${ticket}` } });
  const { runnerSecret, agentSecret } = bootAnswer.parse(await boot.json());
  const ask = (after: string, secret = runnerSecret) =>
    fetch(`${url}/remarks?after=${after}`, { headers: { authorization: `Bearer ${secret}` } });
  expect((await ask('1', agentSecret)).status).toBe(403);
  for (const wrong of ['', '-1', '1.5', 'x', '41']) expect([wrong, (await ask(wrong)).status]).toEqual([wrong, 400]);
  const waiting = ask('0');
  await expect.poll(() => looks, { timeout: 20_000 }).toBeGreaterThan(0);
  stored = 'unreadable';
  const seen = looks;
  await expect.poll(() => looks, { timeout: 20_000 }).toBeGreaterThan(seen);
  const now = { key: 'b', by: 'second', text: 'Stop.', now: true };
  stored = [{ key: 'a', by: 'lead', text: 'In the prompt.', now: false }, now];
  expect(await (await waiting).json()).toEqual([now]);
  stop.abort('the test is over');
  await ended;
});
