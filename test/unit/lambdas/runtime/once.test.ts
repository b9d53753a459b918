import { expect, test } from 'vitest';
import { later } from '../../../../lambdas/runtime/once.ts';

test('a port whose module fails to load is loaded again by the next call, and only by a call', async () => {
  let loads = 0;
  const port = later<{ ping(): Promise<string> }>(async () => {
    loads += 1;
    if (loads === 1) throw new Error('not loaded');
    return { ping: async () => 'pong' };
  }, {});
  expect(JSON.stringify({ port })).toBe('{"port":{}}');
  expect(loads).toBe(0);
  await expect(port.ping()).rejects.toThrow('not loaded');
  expect([await port.ping(), await port.ping(), loads]).toEqual(['pong', 'pong', 2]);
});
