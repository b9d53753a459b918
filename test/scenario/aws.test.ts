/** The deployment, as far as it can run without an account: bundled functions, the same machine, stand-ins for AWS's services. */
import { afterEach, describe, expect, test } from 'vitest';
import { type AwsWorld, createAwsWorld } from '../support/aws-world.ts';
import { pushedSpec } from '../support/github-world.ts';

let at: AwsWorld | undefined;
afterEach(async () => {
  expect(at?.aws.unknown ?? []).toEqual([]);
  await at?.close();
  at = undefined;
});
const start = async (options: Parameters<typeof createAwsWorld>[0] = {}): Promise<AwsWorld> => {
  at = await createAwsWorld(options);
  return at;
};
const specPath = '.agent-tasks/FIX-1.yaml';
const reviewing = (run: { state: string; status: string }): boolean =>
  run.status === 'waiting' && run.state === 'ReviewGate';

describe('R31 the same pipeline in an account', () => {
  test('a push by webhook → functions and tasks → draft pull request → approved on GitHub → ready', async () => {
    const { github, until } = await start();
    await github.push({ [specPath]: pushedSpec(github) }, { by: 'dev-gh' });
    const run = await until('FIX-1', reviewing);
    await github.review(Number(run.pullRequest?.id), 'lead-gh', 'APPROVE', { commit: run.commit ?? '' });
    const done = await until('FIX-1', ({ status }) => status === 'delivered');
    expect((await github.pull(Number(done.pullRequest?.id))).draft).toBe(false);
  });
});
