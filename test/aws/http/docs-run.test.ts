/** The commands of docs/reach.md and docs/operations.md, as they stand, in front of a deployment (issue 12, part 8). */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { iamOf, type Reached, reach } from '../../support/aws/reach.ts';
import { root } from '../../support/aws/template.ts';
import { type AwsWorld, createAwsWorld } from '../../support/aws-world.ts';
import { people, pushedSpec } from '../../support/github-world.ts';
import { commandsOf, shellIn } from '../../support/shell.ts';

let world: AwsWorld;
let at: Reached;
afterEach(async () => {
  await world.ecs.idle();
  expect(world.aws.unknown).toEqual([]);
  await at.close();
  await world.close();
});

/** Those that speak to a deployment, each once, in their order; without what needs a browser or an account. */
const shown = ['docs/reach.md', 'docs/operations.md'].flatMap((page) =>
  shellIn(readFileSync(join(root, page), 'utf8')).flatMap(({ shell }) =>
    commandsOf(shell).filter(([program, name]) => program === 'drydock' && !['github', 'aws'].includes(name ?? '')),
  ),
);
const commands = [...new Map(shown.map((words) => [words.join(' '), words.slice(1)])).values()];

test('each command of the pages does what it says', async () => {
  const known = {
    lead: { ...people.lead, iam: iamOf.lead },
    second: { ...people.second, iam: iamOf.second },
    dev: { ...people.dev, iam: iamOf.dev },
  };
  const budgets = { web: { sprint_starts: '2026-01-01', sprint_days: 366, limit_usd: 50 } };
  world = await createAwsWorld({ policy: { people: known, budgets } });
  Object.assign(world.operations, {
    'ecr:DescribeImages': () => ({ imageDetails: [{}] }),
    'monitoring:DescribeAlarms': () => ({ MetricAlarms: [] }),
    'sqs:GetQueueAttributes': () => ({ Attributes: { ApproximateNumberOfMessages: '0' } }),
    'servicequotas:GetServiceQuota': () => ({ Quota: { Value: 100 } }),
    'lambda:GetAccountSettings': () => ({ AccountLimit: { UnreservedConcurrentExecutions: 1_000 } }),
  });
  at = await reach(world);
  const text = pushedSpec(world.github, {});
  const path = '.agent-tasks/FIX-1.yaml';
  await world.github.push({ [path]: text }, { by: 'dev-gh', withhold: true });
  const file = join(dirname(at.file('FIX-1.yaml', text)), path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);

  const ended: [string, number | null][] = [];
  for (const command of commands) {
    const words = command.map((word) => (word === 'RUN' ? 'FIX-1' : word === 'NAME' ? 'Drydock' : word));
    // The person who asks for a run is not the one who approves it.
    const who = words[0] === 'run' ? 'dev' : 'lead';
    const { code, stdout, stderr } = await at.start(who, words, { DRYDOCK_STACK: 'Drydock' }).said;
    expect(`${stdout}${stderr}`).not.toMatch(/UsageError|Internal/);
    ended.push([words.join(' '), code]);
  }
  expect(ended.length).toBeGreaterThan(9);
  // A run waits for its gate; the doctor finds that the App of the stand-in is none of GitHub's.
  const expected = (line: string): number => (line.startsWith('run ') ? 5 : 0);
  const wrong = ended.filter(([line, code]) => !line.startsWith('doctor') && code !== expected(line));
  expect(wrong).toEqual([]);
  expect(ended.filter(([line]) => line.startsWith('doctor')).every(([, code]) => code === 0 || code === 4)).toBe(true);
});
