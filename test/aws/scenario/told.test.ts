/** What people of a deployment are sent, and where its links lead. */
import { afterEach, describe, expect, test } from 'vitest';
import { notAllowed } from '../../support/aws/allowed.ts';
import { mailFrom } from '../../support/aws/deployed.ts';
import { type AwsWorld, createAwsWorld } from '../../support/aws-world.ts';
import { pushedSpec } from '../../support/github-world.ts';

let world: AwsWorld;
afterEach(async () => {
  await world.ecs.idle();
  expect(world.aws.unknown).toEqual([]);
  expect(notAllowed(world.aws.calls)).toEqual([]);
  await world.close();
});

const people = {
  lead: { github: 'lead-gh', email: 'lead@example.com' },
  second: { github: 'second-gh', email: 'second@example.com' },
  dev: { github: 'dev-gh', email: 'dev@example.com' },
};
const notify = { email: { from: mailFrom } };
const waiting = ({ state, status }: { state: string; status: string }) =>
  state === 'ReviewGate' && status === 'waiting';
const push = (tasks: string[]): Promise<string> => {
  const files = tasks.map((task_id) => [`.agent-tasks/${task_id}.yaml`, pushedSpec(world.github, { task_id })]);
  return world.github.push(Object.fromEntries(files), { by: 'dev-gh' });
};
/** The worker of the queue tells what the steps ask for. */
const told = (mails: number) =>
  expect.poll(() => world.mails.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(mails);
const linkOf = (text: string): string | undefined => /^https?:\S+$/m.exec(text)?.[0];

describe('R24 who is asked to decide', () => {
  test('is sent a link to the gate’s page, which opens nothing to who is not signed in', async () => {
    world = await createAwsWorld({ policy: { people, notify } });
    await push(['FIX-1']);
    const run = await world.until('FIX-1', waiting);
    await told(2);
    const asked = world.mails.filter(({ subject }) => subject.includes('(FIX-1)'));
    expect(asked.map(({ to }) => to.join()).sort()).toEqual(['lead@example.com', 'second@example.com']);
    for (const { text, from } of asked) {
      expect(from).toBe(mailFrom);
      expect(linkOf(text)).toBe(`${world.origin}/gates/${run.gate}`);
      expect(text).toContain('it grants no access');
    }
    const opened = await fetch(linkOf(asked[0]?.text ?? '') ?? '', {
      redirect: 'manual',
      headers: { accept: 'text/html' },
    });
    expect([opened.status, opened.headers.get('location')]).toEqual([
      303,
      `/login?to=${encodeURIComponent(`/gates/${run.gate}`)}`,
    ]);
    const { data } = await world.github.admin.pulls.get({
      ...world.github.at,
      pull_number: Number(run.pullRequest?.id),
    });
    expect(data.body).toContain(`${world.origin}/runs/${run.runId}`);
  });

  test('is sent to the pull request where there are no pages', async () => {
    world = await createAwsWorld({ policy: { people, notify }, pages: false });
    await push(['FIX-1']);
    const run = await world.until('FIX-1', waiting);
    await told(2);
    const links = world.mails.map(({ text }) => linkOf(text));
    expect(links).toEqual([run.pullRequest?.url, run.pullRequest?.url]);
  });
});

test('R29 each share of a sprint is told once, whichever of the runs passes it', async () => {
  const sprint_starts = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  world = await createAwsWorld({
    policy: {
      people,
      notify,
      limits: { usd_per_run: 10, concurrent_runs: 4 },
      budgets: { default: { sprint_starts, sprint_days: 14, limit_usd: 36 } },
    },
  });
  const alerts = (): string[] =>
    world.mails.filter(({ subject }) => subject.includes('sprint')).map(({ subject, to }) => `${to.join()} ${subject}`);
  const shares = (...reached: number[]): string[] =>
    ['lead', 'second'].flatMap((who) =>
      reached.map((share) => `${who}@example.com Team default has promised ${share} % of its sprint`),
    );
  await push(['FIX-1']);
  await world.until('FIX-1', waiting);
  // 10 of 36: nobody has to know yet.
  expect(alerts()).toEqual([]);
  await push(['FIX-2', 'FIX-3']);
  await world.until('FIX-2', waiting);
  await world.until('FIX-3', waiting);
  // 20, then 30 of 36, in whatever order: 55 and 83 %.
  await expect.poll(() => alerts().sort(), { timeout: 30_000 }).toEqual(shares(50, 80).sort());
  await push(['FIX-4']);
  await world.until('FIX-4', ({ status }) => status === 'failed' || status === 'over-budget');
  expect(alerts()).toHaveLength(4);
});
