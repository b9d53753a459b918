import { expect, it } from 'vitest';
import { createKeyedMutex } from '../../../../core/concurrency/keyed-mutex.ts';

it('runs the work of one key in order, of another key beside it, and goes on after a failure', async () => {
  const inTurn = createKeyedMutex();
  const steps: string[] = [];
  const gate = Promise.withResolvers<void>();
  const work = (name: string, wait?: Promise<void>) => async () => {
    steps.push(`${name} begins`);
    await wait;
    steps.push(`${name} ends`);
    if (name === 'first') throw new Error('no');
    return name;
  };
  const first = inTurn('a', work('first', gate.promise));
  const second = inTurn('a', work('second'));
  expect(await inTurn('b', work('other'))).toBe('other');
  expect(steps).toEqual(['first begins', 'other begins', 'other ends']);
  gate.resolve();
  await expect(first).rejects.toThrow('no');
  expect(await second).toBe('second');
  expect(steps.slice(3)).toEqual(['first ends', 'second begins', 'second ends']);
});
