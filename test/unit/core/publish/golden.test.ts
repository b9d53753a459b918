import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkSummary, checkTitle } from '../../../../core/publish/check.ts';
import { commitMessage } from '../../../../core/publish/commit-message.ts';
import { pullRequestBody } from '../../../../core/publish/pull-request.ts';
import { checks, pullRequests } from './cases.ts';
import { factsOf } from './facts.ts';

const golden = (name: string) => join(import.meta.dirname, '../../../golden/texts', name);

test.each(Object.entries(pullRequests))('the pull request and the commit of the case %s', async (name, facts) => {
  await expect(`${pullRequestBody(facts)}\n`).toMatchFileSnapshot(golden(`pull-request-${name}.md`));
  await expect(commitMessage(facts)).toMatchFileSnapshot(golden(`commit-${name}.txt`));
});

test('the check in each state', async () => {
  const texts = Object.entries(checks).map(
    ([name, facts]) => `=== ${name}\n${checkTitle(facts)}\n\n${checkSummary(facts)}\n`,
  );
  await expect(texts.join('\n')).toMatchFileSnapshot(golden('checks.txt'));
});

test.each(Object.entries(pullRequests))('%s: at most 25 lines before the first folded part', (_, facts) => {
  const before = pullRequestBody(facts).split('\n<details>')[0]?.split('\n') ?? [];
  expect(before.length).toBeLessThanOrEqual(25);
  expect(before.join('\n')).toMatch(/\*\*Asked\*\*.*\*\*Done\*\*.*\| tests \|.*Changed, by plan phase/s);
});

test('at most 25 lines before the fold however much there is of everything', () => {
  const many = <T>(one: T): T[] => Array.from({ length: 200 }, () => one);
  for (const facts of Object.values(pullRequests)) {
    const body = pullRequestBody({
      ...facts,
      files: many(facts.files[0] ?? { path: 'a', op: 'put', phase: undefined }),
      weakened: many({ rule: 'TestsWeakened', path: 'a', message: 'm' }),
      critical: many({ glob: 'src/**', reviewers: 2 }),
      rounds: many({ round: 2, by: ['ben'], text: 'x\ny'.repeat(999) }),
    });
    expect(body.split('\n<details>')[0]?.split('\n').length).toBeLessThanOrEqual(25);
  }
});

test('D14 no two commits of a run have the same subject, also for equal wishes', () => {
  const rounds = [2, 3, 4].map((round) => ({ round, by: ['ben'], text: 'Add a table.' }));
  const subjects = [0, 1, 2, 3].map((n) => commitMessage(factsOf({ rounds: rounds.slice(0, n) })).split('\n')[0]);
  expect(new Set(subjects).size).toBe(4);
  expect(subjects[1]).toBe('T-1, round 2: Add a table.');
});
