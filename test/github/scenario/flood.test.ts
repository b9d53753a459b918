import { expect, test } from 'vitest';
import { flood } from '../../support/flood.ts';

// `npm run bench` sends a thousand.
test('R11 R12 many pushes at once, killed twice in the middle: each answered, each spec run once, none lost', {
  timeout: 240_000,
}, async () => {
  const { answers, tasks, kills } = await flood(60, 2);
  expect(answers[202]).toBeGreaterThanOrEqual(60);
  expect(kills).toBe(2);
  expect(tasks.sort()).toEqual(Array.from({ length: 60 }, (_, i) => `T-${i}`).sort());
});
