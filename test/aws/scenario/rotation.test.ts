/** Secrets that get new values: each step cut off anywhere and done again, and what was made with the value before. */
import { createHash } from 'node:crypto';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { beforeEach, describe, expect, it } from 'vitest';
import { randomKey } from '../../../adapters/aws/rotation/random-key.ts';
import { createRotation, type Rotated } from '../../../adapters/aws/rotation/rotation.ts';
import { webhookSecret } from '../../../adapters/aws/rotation/webhook-secret.ts';
import { createSecrets } from '../../../adapters/aws/secrets/secrets.ts';
import { DrydockError } from '../../../core/errors.ts';
import { awsForTests, sdkTries } from '../../machine/contract/aws-fixture.ts';
import { secretsManager } from '../../support/aws/secrets.ts';

const arn = (name: string): string => `arn:aws:secretsmanager:us-east-1:123456789012:secret:${name}`;
const steps = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;
const app = { appId: 7, privateKey: 'private-key', webhookSecrets: ['one'], apiUrl: 'https://ghe.example/api' };
const dayMs = 86_400_000;
const begin = Date.UTC(2026, 10, 21);

let now = begin;
let store = secretsManager({}, () => now);
const aws = awsForTests(() => ({
  'secretsmanager:GetSecretValue': (input) => store.operations['secretsmanager:GetSecretValue']?.(input),
  'secretsmanager:DescribeSecret': (input) => store.operations['secretsmanager:DescribeSecret']?.(input),
  'secretsmanager:PutSecretValue': (input) => store.operations['secretsmanager:PutSecretValue']?.(input),
  'secretsmanager:UpdateSecretVersionStage': (input) =>
    store.operations['secretsmanager:UpdateSecretVersionStage']?.(input),
}));

/** GitHub, as far as it signs. */
const gitHub = { signing: 'one', told: [] as string[], fails: 0, lost: 0 };
const hook = webhookSecret(
  ({ appId, privateKey, apiUrl }) => ({
    async sign(secret) {
      expect({ appId, privateKey, apiUrl }).toEqual({ appId: 7, privateKey: 'private-key', apiUrl: app.apiUrl });
      if (gitHub.fails-- > 0) throw new DrydockError('HostUnavailable', 'away');
      gitHub.signing = secret;
      gitHub.told.push(secret);
      if (gitHub.lost-- > 0) throw new DrydockError('HostUnavailable', 'cut');
    },
    async test() {
      if (privateKey !== 'private-key') throw new DrydockError('HostForbidden', 'not the key');
    },
  }),
  () => now,
);
const kinds = new Map<string, Rotated>([
  [arn('github'), hook],
  [arn('deployment'), randomKey],
]);
const clock = {
  now: () => now,
  async sleep(ms: number) {
    now += ms;
  },
};
const rotation = () => createRotation(new SecretsManagerClient({ maxAttempts: 1 }), kinds, clock);
const token = (n: number): string => `token-${n}`.padEnd(36, '0');
const step = (name: string, Step: string, n = 1) =>
  rotation()({ Step, SecretId: arn(name), ClientRequestToken: token(n) });
const rotate = async (name: string, n = 1): Promise<void> => {
  store.announce(arn(name), token(n));
  for (const each of steps) await step(name, each, n);
};
const appNow = (stage = 'AWSCURRENT') =>
  JSON.parse(store.text(arn('github'), stage) ?? '{}') as typeof app & Record<string, string>;
const fresh = () => createSecrets(new SecretsManagerClient({}), () => now);

beforeEach(() => {
  now = begin;
  store = secretsManager({}, () => now);
  store.put(arn('github'), JSON.stringify(app));
  store.put(arn('deployment'), 'd'.repeat(64));
  store.put(arn('models'), '{}');
  Object.assign(gitHub, { signing: 'one', told: [], fails: 0, lost: 0 });
});

describe('R16 a rotation', () => {
  it('of a key of ours gives a new one, and the one before stays for what was made with it', async () => {
    await rotate('deployment');
    const first = store.text(arn('deployment')) ?? '';
    // Nobody is told of a value before whoever looks for one has had the time to find it.
    expect(now - begin).toBeGreaterThan(10_000);
    expect(first).toMatch(/^[\w-]{64}$/);
    expect(await fresh().versions(arn('deployment'), false)).toEqual([first, 'd'.repeat(64)]);
    await rotate('deployment', 2);
    const second = store.text(arn('deployment')) ?? '';
    expect(second).not.toBe(first);
    expect(await fresh().versions(arn('deployment'), false)).toEqual([second, first]);
  });

  it('of the webhook secret changes nothing else of the App, and tells GitHub', async () => {
    await rotate('github');
    const { webhookSecrets, oldUntil, keyDigest, keySince, ...rest } = appNow();
    expect(rest).toEqual({ appId: 7, privateKey: 'private-key', apiUrl: app.apiUrl });
    expect(webhookSecrets).toEqual([gitHub.signing, 'one']);
    expect(gitHub.signing).toMatch(/^[0-9a-f]{64}$/);
    expect(oldUntil).toBe(new Date(begin + dayMs).toISOString());
    expect(keyDigest).toBe(createHash('sha256').update('private-key').digest('hex').slice(0, 16));
    expect(keySince).toBe(new Date(begin).toISOString());
  });

  it('takes both webhook secrets from before GitHub is told until a day after', async () => {
    const valid = () => fresh().webhookSecrets(arn('github'), true);
    store.announce(arn('github'), token(1));
    expect(await valid()).toEqual(['one']);
    for (const each of steps) {
      await step('github', each);
      // What GitHub signs with is always among them, and what it signed with a moment ago too.
      expect(await valid()).toEqual([
        appNow(each === 'finishSecret' ? 'AWSCURRENT' : 'AWSPENDING').webhookSecrets[0],
        'one',
      ]);
      expect(await valid()).toContain(gitHub.signing);
    }
    now = begin + dayMs - 1;
    expect(await valid()).toEqual([gitHub.signing, 'one']);
    now += 1;
    expect(await valid()).toEqual([gitHub.signing]);
    await rotate('github', 2);
    expect(await valid()).toEqual([gitHub.signing, gitHub.told[0]]);
  });

  it('is seen by a function that holds the old ones as soon as a signature is unknown, once in ten seconds', async () => {
    const secrets = fresh();
    expect(await secrets.webhookSecrets(arn('github'), false)).toEqual(['one']);
    await rotate('github');
    expect(await secrets.webhookSecrets(arn('github'), false)).toEqual(['one']);
    now += 10_000;
    expect(await secrets.webhookSecrets(arn('github'), true)).toEqual([gitHub.signing, 'one']);
    const asked = aws().calls.length;
    for (let flood = 0; flood < 20; flood++) await secrets.webhookSecrets(arn('github'), true);
    expect(aws().calls.length).toBe(asked);
  });

  it('does not make the private key look younger; a new key does', async () => {
    const keySince = () => fresh().appKeySince(arn('github'));
    now += 10 * dayMs;
    await rotate('github');
    expect(await keySince()).toBe(begin);
    now += 60 * dayMs;
    await rotate('github', 2);
    expect(await keySince()).toBe(begin);
    store.put(arn('github'), JSON.stringify({ ...appNow(), privateKey: 'private-key-2' }));
    expect(await keySince()).toBe(now);
    now += dayMs;
    expect(await keySince()).toBe(now - dayMs);
  });
});

describe('R16 a value that is about to be used', () => {
  it('is known to who looked ten seconds before', async () => {
    store.announce(arn('deployment'), token(1));
    await step('deployment', 'createSecret');
    const reader = fresh();
    const known = await reader.versions(arn('deployment'), true);
    expect(known).toEqual(['d'.repeat(64), store.text(arn('deployment'), 'AWSPENDING')]);
    for (const each of steps.slice(1)) await step('deployment', each);
    expect(known).toContain(store.text(arn('deployment')));
  });
});

describe('R12 a rotation that is cut off', () => {
  const done = (name: string): void => {
    const made = name === 'github' ? appNow().webhookSecrets[0] : store.text(arn(name));
    expect(made).not.toBe(name === 'github' ? 'one' : 'd'.repeat(64));
    if (name !== 'github') {
      expect(store.text(arn(name), 'AWSPREVIOUS')).toBe('d'.repeat(64));
      return;
    }
    expect(appNow('AWSPREVIOUS')).toEqual(app);
    // One value was made, however often GitHub was told of it.
    expect([...new Set(gitHub.told), gitHub.signing]).toEqual([made, made]);
  };

  it.each(['github', 'deployment'])('of %s: before or after any call, and done again, it ends as one', async (name) => {
    await rotate(name);
    const calls = aws().calls.length;
    expect(calls).toBeGreaterThan(10);
    let failures = 0;
    for (const fault of ['cut', 'lost', 'throttled'] as const) {
      for (let skip = 0; skip < calls; skip++) {
        store = secretsManager({}, () => now);
        store.put(arn('github'), JSON.stringify(app));
        store.put(arn('deployment'), 'd'.repeat(64));
        Object.assign(gitHub, { signing: 'one', told: [] });
        store.announce(arn(name), token(1));
        aws().faults.push({ match: () => true, skip, do: fault });
        let failed = 0;
        for (const each of steps) {
          await step(name, each).catch(async (error: unknown) => {
            failed++;
            expect(error).toMatchObject({ name: 'Conflict' });
            await step(name, each);
          });
        }
        expect(failed).toBeLessThanOrEqual(1);
        failures += failed;
        done(name);
      }
    }
    // All but the few whose answer said no before it was lost.
    expect(failures).toBeGreaterThan(2.5 * calls);
  });

  it.each(['fails', 'lost'] as const)('by GitHub (%s) tells it the same secret again', async (how) => {
    store.announce(arn('github'), token(1));
    await step('github', 'createSecret');
    gitHub[how] = 1;
    await expect(step('github', 'setSecret')).rejects.toMatchObject({ name: 'HostUnavailable' });
    expect(await fresh().webhookSecrets(arn('github'), true)).toContain(gitHub.signing);
    for (const each of steps) await step('github', each);
    done('github');
  });

  it.each(['github', 'deployment'])('of %s: each step twice is each step once', async (name) => {
    store.announce(arn(name), token(1));
    for (const each of steps) {
      await step(name, each);
      await step(name, each);
    }
    const value = store.text(arn(name));
    // Long after its end, too.
    for (const each of steps) await step(name, each);
    expect(store.text(arn(name))).toBe(value);
    done(name);
  });

  it('by a person who stored another App meanwhile leaves that one', async () => {
    store.announce(arn('github'), token(1));
    for (const each of steps.slice(0, 3)) await step('github', each);
    const other = JSON.stringify({ ...app, privateKey: 'private-key-2' });
    store.put(arn('github'), other);
    await expect(step('github', 'finishSecret')).rejects.toMatchObject({
      name: 'ServiceRefused',
      remedy: expect.stringContaining('docs/rotation.md'),
    });
    expect(store.text(arn('github'))).toBe(other);
  });

  it('by another rotation that ended first is not taken back', async () => {
    store.announce(arn('deployment'), token(1));
    await step('deployment', 'createSecret');
    const first = store.text(arn('deployment'), 'AWSPENDING');
    await rotate('deployment', 2);
    await expect(step('deployment', 'finishSecret')).rejects.toMatchObject({ name: 'ServiceRefused' });
    expect(store.text(arn('deployment'))).not.toBe(first);
  });
});

describe('R16 what is no rotation', () => {
  it.each<[string, unknown]>([
    [
      'a secret that a person replaces',
      { Step: 'createSecret', SecretId: arn('models'), ClientRequestToken: token(1) },
    ],
    ['a step that is none', { Step: 'deleteSecret', SecretId: arn('github'), ClientRequestToken: token(1) }],
    ['no token', { Step: 'createSecret', SecretId: arn('github') }],
    [
      'a version that AWS did not announce',
      { Step: 'createSecret', SecretId: arn('github'), ClientRequestToken: token(9) },
    ],
    ['nothing', undefined],
  ])('(%s) changes nothing', async (_, event) => {
    store.announce(arn('github'), token(1));
    await expect(rotation()(event)).rejects.toMatchObject({ name: 'ServiceRefused' });
    const changing = aws().calls.filter(({ action }) => /Put|Update/.test(action));
    expect(changing).toEqual([]);
  });

  it('a secret whose rotation is off is left', async () => {
    await expect(step('github', 'createSecret')).rejects.toMatchObject({
      message: expect.stringContaining('no rotation'),
    });
  });

  it('a later step without the first has nothing to work on', async () => {
    store.announce(arn('github'), token(1));
    for (const each of ['setSecret', 'testSecret', 'finishSecret'])
      await expect(step('github', each)).rejects.toMatchObject({ name: 'ServiceRefused' });
    expect(gitHub.told).toEqual([]);
  });

  it('an App that is not there, or not as it should be, is named, and nothing of it is said', async () => {
    for (const text of ['{"privateKey":"very-secret"}', 'very-secret']) {
      store.put(arn('github'), text);
      store.announce(arn('github'), token(1));
      const failed = step('github', 'createSecret');
      await expect(failed).rejects.toMatchObject({ name: 'SecretMissing' });
      await expect(failed).rejects.not.toMatchObject({ message: expect.stringContaining('very-secret') });
    }
    expect(sdkTries).toBeGreaterThan(1);
  });
});
