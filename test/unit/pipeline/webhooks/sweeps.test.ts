/** Sweeps of the repositories: each owner has a budget of requests of its own at the host. */
import { expect, test } from 'vitest';
import { DrydockError } from '../../../../core/errors.ts';
import { policySchema } from '../../../../core/policy/schema.ts';
import type { Deps } from '../../../../pipeline/deps.ts';
import { createRepositorySweeps } from '../../../../pipeline/webhooks/repository-sweeps.ts';

const names = ['full/a', 'full/b', 'free/a', 'free/b', 'free/c'];
const policy = policySchema.parse({
  version: 1,
  people: { lead: { email: 'lead@example.com' } },
  repositories: Object.fromEntries(names.map((name) => [name, { host: 'github', trusted_branches: ['main'] }])),
});

/** @param answer The head of a repository, or its error. */
function world(answer: (repository: string) => Promise<string>) {
  const asked: string[] = [];
  const trees: string[] = [];
  const deps = {
    seenSpecs: { blobs: async () => new Set<string>() },
    codeHost: (_: string, { repository }: { repository: string }) => ({
      resolve: () => {
        asked.push(repository);
        return answer(repository);
      },
      listTree: async () => {
        trees.push(repository);
        return new Map();
      },
      collaboration: {},
    }),
  } as unknown as Deps;
  return { asked, trees, sweeps: createRepositorySweeps(deps, () => policy) };
}

test('F16 an owner whose budget is used up is left, and those of others are swept', async () => {
  const limited = new DrydockError('HostRateLimited', 'used up', { details: { status: 429, retryAfterMs: 60_000 } });
  const never = Promise.withResolvers<string>();
  // The other owner's answer comes only after the first one has failed.
  const { asked, sweeps } = world((repository) =>
    repository.startsWith('full/') ? Promise.reject(limited) : never.promise,
  );
  const swept = sweeps.sweep();
  await expect.poll(() => asked).toEqual(['full/a', 'free/a']);
  never.resolve('a'.repeat(40));
  expect((await swept).map(({ outcome, reason }) => [outcome, reason])).toEqual([
    ['refused', 'full/a: HostRateLimited: used up'],
  ]);
  expect(asked).toEqual(['full/a', 'free/a', 'free/b', 'free/c']);
});

test('an error of one repository is told after the others are swept', async () => {
  const { asked, sweeps } = world(async (repository) => {
    if (repository === 'free/a') throw new Error('a defect');
    return 'a'.repeat(40);
  });
  await expect(sweeps.sweep()).rejects.toThrow('a defect');
  expect(asked.toSorted()).toEqual(names.toSorted());
});

test('the tree of a head is read once', async () => {
  const heads = new Map(names.map((name) => [name, 'a'.repeat(40)]));
  const { trees, sweeps } = world(async (repository) => heads.get(repository) ?? '');
  await sweeps.sweep();
  await sweeps.sweep();
  heads.set('free/b', 'b'.repeat(40));
  await sweeps.sweep();
  expect(trees.filter((name) => name === 'free/a')).toHaveLength(1);
  expect(trees.filter((name) => name === 'free/b')).toHaveLength(2);
});
