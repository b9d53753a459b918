import { expect, test } from 'vitest';
import { later } from '../../../../lambdas/runtime/once.ts';

interface Port {
  readonly live: boolean;
  add(a: number, b: number): Promise<number>;
  fail(): Promise<never>;
}

const throttled = Object.assign(new Error('slow down'), {
  name: 'ThrottlingException',
  $fault: 'client',
  $metadata: { httpStatusCode: 400 },
});

/** A port whose loading fails as often as it is told. */
function make(failures = 0): { port: Port; loads: () => number } {
  let loads = 0;
  const load = async (): Promise<Port> => {
    if (++loads <= failures) throw new Error('not now');
    return { live: true, add: async (a, b) => a + b, fail: () => Promise.reject(throttled) };
  };
  return { port: later<Port>(load, { live: true }), loads: () => loads };
}

test('a port is loaded at the first call of a method, once for calls at the same time', async () => {
  const { port, loads } = make();
  expect([(await port).live, port.live, JSON.stringify(port), loads()]).toEqual([true, true, '{"live":true}', 0]);
  expect(await Promise.all([port.add(1, 2), port.add(3, 4)])).toEqual([3, 7]);
  expect(await port.add(5, 6)).toBe(11);
  expect(loads()).toBe(1);
});

test('a port that could not be loaded is loaded by the next call', async () => {
  const { port, loads } = make(1);
  await expect(port.add(1, 2)).rejects.toThrow('not now');
  expect([await port.add(1, 2), loads()]).toEqual([3, 2]);
});

test('an error of AWS through it becomes one of ours', async () => {
  await expect(make().port.fail()).rejects.toMatchObject({ name: 'Conflict', retry: 'transient' });
});
