/** What one installation may ask is its own: a used-up budget is known, and a repeated question costs nothing. */
import { expect, test } from 'vitest';
import { createBudget } from '../../../../../adapters/github/api/budget.ts';
import { createClient } from '../../../../../adapters/github/api/client.ts';
import { createConditional } from '../../../../../adapters/github/api/conditional.ts';
import { hostError } from '../../../../../adapters/github/api/errors.ts';
import { createPatience } from '../../../../../adapters/github/api/patience.ts';

type Answer = (headers: Headers) => { status: number; headers?: Record<string, string>; body: unknown };

/** A client of one installation, GitHub's answers to it in turn, and what it asked. */
function clientOf(
  answers: Answer[],
  clock: { now: number },
  shared = { budget: createBudget(() => clock.now), conditional: createConditional() },
) {
  const asked: Headers[] = [];
  const waits: number[] = [];
  const octokit = createClient(
    'https://api.example.com',
    { token: 't' },
    createPatience(undefined, async (ms) => waits.push(ms)),
    async (_url, init) => {
      const headers = new Headers(init?.headers);
      asked.push(headers);
      const next: Answer = answers.shift() ?? (() => ({ status: 500, body: { message: 'nothing more' } }));
      const { status, body, headers: more } = next(headers);
      return new Response(status === 304 ? null : JSON.stringify(body), {
        status,
        headers: { 'content-type': 'application/json', ...more },
      });
    },
    shared,
  );
  const head = () => octokit.git.getRef({ owner: 'acme', repo: 'calc', ref: 'heads/main' });
  return { octokit, asked, waits, head, shared };
}

const ok: Answer = () => ({ status: 200, headers: { etag: '"1"' }, body: { object: { sha: 'a' } } });
const usedUp =
  (resetAt: number): Answer =>
  () => ({
    status: 403,
    headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Math.round(resetAt / 1_000)) },
    body: { message: 'API rate limit exceeded' },
  });
const named = (error: unknown): string => hostError(error, 'x').name;

test('an installation whose budget is used up asks nothing until the reset, and another one goes on', async () => {
  const clock = { now: Date.now() };
  const resetAt = clock.now + 40 * 60_000;
  const [one, other] = [clientOf([usedUp(resetAt), ok], clock), clientOf([ok, ok], clock)];
  await expect(one.head().catch((error) => Promise.reject(named(error)))).rejects.toBe('HostRateLimited');
  for (let i = 0; i < 5; i++) await expect(one.head()).rejects.toMatchObject({ name: 'HostRateLimited' });
  // The wait is longer than a caller has, so nobody sleeps.
  expect([one.asked.length, one.waits]).toEqual([1, []]);
  expect((await other.head()).data.object.sha).toBe('a');
  clock.now = resetAt + 1_000;
  expect((await one.head()).data.object.sha).toBe('a');
  expect(one.asked).toHaveLength(2);
});

test('the last answer of a budget says that it is used up', async () => {
  const clock = { now: Date.now() };
  const last: Answer = (headers) => ({
    ...ok(headers),
    headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Math.ceil(clock.now / 1_000) + 600) },
  });
  const { head, asked } = clientOf([last, ok], clock);
  await head();
  await expect(head()).rejects.toMatchObject({ name: 'HostRateLimited' });
  expect(asked).toHaveLength(1);
});

test('a short wait that GitHub asks for is waited for, and is over then', async () => {
  const clock = { now: Date.now() };
  const soon: Answer = () => ({
    status: 429,
    headers: { 'retry-after': '7' },
    body: { message: 'secondary rate limit' },
  });
  const { head, asked, waits } = clientOf([soon, ok, ok], clock);
  await head();
  await head();
  expect([asked.length, waits]).toEqual([3, [7_000]]);
});

test('the same question is asked with the ETag of its answer, by every client of the installation', async () => {
  const clock = { now: Date.now() };
  const same: Answer = (headers) => (headers.get('if-none-match') === '"1"' ? { status: 304, body: '' } : ok(headers));
  const changed: Answer = () => ({ status: 200, headers: { etag: '"2"' }, body: { object: { sha: 'b' } } });
  const first = clientOf([ok], clock);
  expect((await first.head()).data.object.sha).toBe('a');
  const second = clientOf([same, same, changed, same], clock, first.shared);
  expect((await second.head()).data.object.sha).toBe('a');
  expect(await second.head()).toMatchObject({ status: 200, data: { object: { sha: 'a' } } });
  expect((await second.head()).data.object.sha).toBe('b');
  expect((await second.head()).data.object.sha).toBe('a');
  expect(second.asked.map((headers) => headers.get('if-none-match'))).toEqual(['"1"', '"1"', '"1"', '"2"']);
});
