/** A deployment whose models are those of Bedrock: nowhere is there a key (AWS-REVIEW D12). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { isFinal } from '../../../core/run/status.ts';
import { notAllowed } from '../../support/aws/allowed.ts';
import { AwsRefusal, type JsonOperation } from '../../support/aws/call.ts';
import { root } from '../../support/aws/template.ts';
import { type AwsWorld, createAwsWorld, secretNames } from '../../support/aws-world.ts';
import { pushedSpec } from '../../support/github-world.ts';

let world: AwsWorld;
afterEach(async () => {
  await world.ecs.idle();
  expect(world.aws.unknown).toEqual([]);
  expect(notAllowed(world.aws.calls)).toEqual([]);
  await world.close();
});

test('the example policy carries a run from the push to the pull request, and no gateway is given a key', async () => {
  const { providers, agents, models } = parse(readFileSync(join(root, 'examples/aws/drydock.policy.yaml'), 'utf8'));
  // The task of the tests changes the code, and writes no plan of its own.
  agents.profiles[agents.default].plans = false;
  const given: Record<string, unknown> = {};
  world = await createAwsWorld({
    policy: { providers, agents, models },
    async script({ spec }) {
      const gateway = world.ecs.tasks.find(({ role, phaseKey }) => role === 'gateway' && phaseKey === spec.phaseKey);
      const grant = gateway?.environment.DRYDOCK_GRANT;
      const answer = (await world.call('broker', { phaseKey: spec.phaseKey, grant, proof: '7'.repeat(64) })) as {
        order: { model?: { provider: string; endpoint?: { kind: string; region?: string } } };
        model?: unknown;
        missing?: unknown;
      };
      const { provider, endpoint } = answer.order.model ?? {};
      given[spec.phase] = [provider, endpoint?.kind, endpoint?.region, answer.model, answer.missing];
      return undefined;
    },
  });
  // Nobody stored a key. https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
  const stored = world.operations['secretsmanager:GetSecretValue'] as JsonOperation;
  world.operations['secretsmanager:GetSecretValue'] = (input, ...more) => {
    if (input.SecretId !== secretNames.models) return stored(input, ...more);
    const words = "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT";
    throw new AwsRefusal('ResourceNotFoundException', words);
  };
  const { github } = world;
  await github.push({ '.agent-tasks/FIX-1.yaml': pushedSpec(github) }, { by: 'dev-gh' });
  const run = await world.until('FIX-1', ({ state, status }) => state === 'ReviewGate' && status === 'waiting');
  await github.review(Number(run.pullRequest?.id), 'lead-gh', 'APPROVE', { commit: run.commit ?? '' });
  expect((await world.until('FIX-1', ({ status }) => isFinal(status))).status).toBe('delivered');
  expect(given).toMatchObject({ build: ['bedrock', 'bedrock', 'us-east-1', {}, undefined] });
});
