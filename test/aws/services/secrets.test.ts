import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { beforeEach, describe, expect, it } from 'vitest';
import { awsError } from '../../../adapters/aws/errors.ts';
import { createSecrets, type Secrets } from '../../../adapters/aws/secrets/secrets.ts';
import { actions, awsForTests, sdkTries, thrownBy } from '../../machine/contract/aws-fixture.ts';
import { on } from '../../support/aws/faults.ts';
import { secretsManager } from '../../support/aws/secrets.ts';

const arn = (name: string): string => `arn:aws:secretsmanager:us-east-1:123456789012:secret:${name}`;
const store = secretsManager();
const aws = awsForTests(() => store.operations);
const app = { appId: 1, privateKey: 'key-1', webhookSecrets: ['a'] };
const fiveMinutes = 300_000;

let now: number;
let secrets: Secrets;
beforeEach(() => {
  now = 0;
  secrets = createSecrets(new SecretsManagerClient({}), () => now);
  store.put(arn('github'), JSON.stringify(app));
  store.put(arn('models'), '{"google":"key-of-google","openai":""}');
});

describe('R16 secrets', () => {
  it('are asked once in five minutes, by however many', async () => {
    await Promise.all(Array.from({ length: 10 }, () => secrets.gitHubApp(arn('github'))));
    now = fiveMinutes - 1;
    await secrets.gitHubApp(arn('github'));
    expect(actions(aws())).toHaveLength(1);
  });

  it('that were rotated are seen five minutes later, with every webhook secret that is valid', async () => {
    expect(await secrets.gitHubApp(arn('github'))).toMatchObject(app);
    store.put(arn('github'), JSON.stringify({ ...app, privateKey: 'key-2', webhookSecrets: ['b', 'a'] }));
    expect(await secrets.gitHubApp(arn('github'))).toMatchObject({ privateKey: 'key-1' });
    now = fiveMinutes;
    expect(await secrets.gitHubApp(arn('github'))).toMatchObject({ privateKey: 'key-2', webhookSecrets: ['b', 'a'] });
  });

  it('give a provider its key, and say where it is missing', async () => {
    expect(await secrets.modelAccess(arn('models'), 'google')).toEqual({ mode: 'live', key: 'key-of-google' });
    for (const provider of ['openai', 'anthropic', 'toString', '__proto__']) {
      await expect(secrets.modelAccess(arn('models'), provider)).rejects.toMatchObject({
        name: 'SecretMissing',
        message: expect.stringContaining(provider),
        remedy: expect.stringContaining(arn('models')),
      });
    }
  });

  it('that are not there, or not as they should be, are named; nothing of them is said', async () => {
    await expect(secrets.text(arn('none'))).rejects.toMatchObject({ name: 'SecretMissing' });
    for (const text of [
      'very-secret',
      '{"privateKey":"very-secret"',
      '{"appId":"very-secret"}',
      '"very-secret"',
      '[]',
    ]) {
      store.put(arn('odd'), text);
      now += fiveMinutes;
      const error = (await thrownBy(secrets.gitHubApp(arn('odd')))) as Error;
      expect(error).toMatchObject({ name: 'SecretMissing' });
      expect(error.cause).toBeUndefined();
      expect(JSON.stringify([error, error.message, error.stack])).not.toContain('very-secret');
    }
  });

  it('that were rotated are known by both their versions, and a newer one at once where it is needed', async () => {
    store.put(arn('key'), 'one');
    expect(await secrets.versions(arn('key'), false)).toEqual(['one']);
    store.put(arn('key'), 'two');
    expect(await secrets.versions(arn('key'), false)).toEqual(['one']);
    // Whoever asks for what is newest does not ask AWS each time.
    expect(await secrets.versions(arn('key'), true)).toEqual(['one']);
    now = 10_000;
    expect(await secrets.versions(arn('key'), true)).toEqual(['two', 'one']);
    expect(await secrets.versions(arn('key'), false)).toEqual(['two', 'one']);
    await expect(secrets.versions(arn('none'), true)).rejects.toMatchObject({ name: 'SecretMissing' });
  });

  it('say where Slack is, and nowhere else', async () => {
    const url = 'https://hooks.slack.com/services/T0/B0/x';
    store.put(arn('slack'), JSON.stringify({ webhookUrl: url }));
    expect(await secrets.slackWebhook(arn('slack'))).toBe(url);
    for (const webhookUrl of ['http://hooks.slack.com/x', 'https://u:p@hooks.slack.com/x', 'file:///etc/passwd', '']) {
      store.put(arn('slack'), JSON.stringify({ webhookUrl }));
      now += fiveMinutes;
      await expect(secrets.slackWebhook(arn('slack'))).rejects.toMatchObject({ name: 'SecretMissing' });
    }
  });

  it('that could not be had are asked for again the next time', async () => {
    aws().faults.push({ match: on('secretsmanager:GetSecretValue'), times: sdkTries, do: 'broken' });
    expect(awsError(await thrownBy(secrets.text(arn('github'))))).toMatchObject({ name: 'Conflict' });
    expect(await secrets.text(arn('github'))).toBe(JSON.stringify(app));
    aws().faults.push({ match: on('secretsmanager:GetSecretValue'), do: 'denied' });
    expect(awsError(await thrownBy(secrets.text(arn('models'))))).toMatchObject({ name: 'ServiceRefused' });
  });
});
