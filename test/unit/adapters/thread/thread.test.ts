import { afterEach, expect, test } from 'vitest';
import { createThread } from '../../../../adapters/thread/thread.ts';
import { double, exit, refuse, spin, swell, unknown } from './jobs.thread.ts';

const program = new URL('./jobs.thread.ts', import.meta.url);
const open: ReturnType<typeof createThread>[] = [];
const thread = (deadlineMs = 60_000, memoryMb = 64) => {
  const made = createThread({ program, deadlineMs, memoryMb });
  open.push(made);
  return made;
};
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

test('a job that does not end is an error with a name; this thread stays free, and the next job runs', async () => {
  const { run } = thread(300);
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  await expect(run(spin, null)).rejects.toMatchObject({ name: 'GuardTimedOut', retry: 'never' });
  clearInterval(timer);
  expect(ticks).toBeGreaterThan(5);
  await expect(thread().run(double, 2)).resolves.toBe(4);
});

test('a job that needs too much memory is an error with a name', async () => {
  await expect(thread().run(swell, null)).rejects.toMatchObject({ name: 'LimitExceeded' });
});

test('a job runs in the thread that is idle, and in a new one after the end of that', async () => {
  const { run, warm } = thread();
  warm();
  expect(await run(double, 1)).toBe(2);
  await expect(run(exit, null)).rejects.toThrow('exited with 3');
  expect(await run(double, 3)).toBe(6);
});

test('an error of a job arrives with its name and remedy', async () => {
  await expect(thread().run(refuse, null)).rejects.toMatchObject({ name: 'ResultInvalid', remedy: 'another' });
  await expect(thread().run(unknown, null)).rejects.toMatchObject({ name: 'Internal' });
});

test('many jobs wait for their turn, and each gets its own answer', async () => {
  const { run } = thread();
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => run(double, i)));
  expect(answers).toEqual(Array.from({ length: 50 }, (_, i) => 2 * i));
});

test('the end of the process ends the jobs in progress and in the queue, and none begins after it', async () => {
  const { run, close } = thread();
  const jobs = Array.from({ length: 4 }, () => run(spin, null).catch((error: Error) => error.name));
  await close();
  expect(await Promise.all(jobs)).toEqual(Array(4).fill('Cancelled'));
  await expect(run(double, 2)).rejects.toMatchObject({ name: 'Cancelled' });
});
