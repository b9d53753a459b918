/** Rotations in a deployment that works meanwhile: the bundled functions, GitHub, and a phase under way. */
import { afterEach, describe, expect, test } from 'vitest';
import { isFinal } from '../../../core/run/status.ts';
import { notAllowed } from '../../support/aws/allowed.ts';
import { type AwsWorld, createAwsWorld, secretNames } from '../../support/aws-world.ts';
import { pushedSpec } from '../../support/github-world.ts';

const steps = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];
let world: AwsWorld;
afterEach(async () => {
  await world.ecs.idle();
  expect(world.aws.unknown).toEqual([]);
  expect(notAllowed(world.aws.calls)).toEqual([]);
  await world.close();
});

const token = 'rotation-of-a-test-'.padEnd(36, '0');
const step = (secret: keyof typeof secretNames, Step: string): Promise<unknown> =>
  world.call('rotate', { Step, SecretId: secretNames[secret], ClientRequestToken: token });
const rotate = async (secret: keyof typeof secretNames): Promise<void> => {
  world.secrets.announce(secretNames[secret], token);
  for (const each of steps) await step(secret, each);
};

test('R16 no message of GitHub is turned away while its secret is rotated, whichever of the two it is signed with', async () => {
  world = await createAwsWorld();
  const { github } = world;
  const before = github.signing();
  const ping = { event: 'ping', body: '{"zen":"x"}' };
  world.secrets.announce(secretNames.github, token);
  for (const each of steps) {
    await step('github', each);
    const taken = [await github.send(ping), await github.send(ping, before), await github.send(ping, 'neither')];
    expect([each, ...taken]).toEqual([each, 202, 202, 401]);
  }
  expect(github.signing()).not.toBe(before);
  await github.push({ '.agent-tasks/FIX-1.yaml': pushedSpec(github) }, { by: 'dev-gh' });
  await world.until('FIX-1', ({ state }) => state === 'ReviewGate');
});

describe('R12 R16 a phase under way over a rotation of the deployment key', () => {
  test('asks the broker with the grant it has; one that is launched by who holds the old key, too', async () => {
    const answers: unknown[] = [];
    const asked = async (phaseKey: string): Promise<void> => {
      const [gateway, sandbox] = ['gateway', 'sandbox'].map((role) =>
        world.ecs.tasks.find((task) => task.phaseKey === phaseKey && task.role === role),
      );
      const answer = (await world.call('broker', {
        phaseKey,
        grant: gateway?.environment.DRYDOCK_GRANT,
        // The secret of this gateway, which its first request binds the grant to.
        proof: '7'.repeat(64),
      })) as { ticket: string };
      answers.push([phaseKey.split('/')[1], answer.ticket === sandbox?.environment.DRYDOCK_TICKET]);
    };
    world = await createAwsWorld({
      async script({ spec }) {
        if (spec.phase === 'build') {
          await asked(spec.phaseKey);
          await rotate('deployment');
        }
        // Verify was launched after that, by a function that read the key when it launched its first phase.
        await asked(spec.phaseKey);
        return undefined;
      },
    });
    const old = world.secrets.text(secretNames.deployment);
    const { github } = world;
    await github.push({ '.agent-tasks/FIX-1.yaml': pushedSpec(github) }, { by: 'dev-gh' });
    const run = await world.until('FIX-1', ({ state, status }) => state === 'ReviewGate' && status === 'waiting');
    expect(world.secrets.text(secretNames.deployment)).not.toBe(old);
    expect(answers).toEqual([
      ['plan', true],
      ['build', true],
      ['build', true],
      ['verify', true],
    ]);
    await github.review(Number(run.pullRequest?.id), 'lead-gh', 'APPROVE', { commit: run.commit ?? '' });
    expect((await world.until('FIX-1', ({ status }) => isFinal(status))).status).toBe('delivered');
  });
});
