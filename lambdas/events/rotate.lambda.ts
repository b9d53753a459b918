import { setTimeout as delay } from 'node:timers/promises';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { randomKey } from '../../adapters/aws/rotation/random-key.ts';
import { createRotation } from '../../adapters/aws/rotation/rotation.ts';
import { webhookSecret } from '../../adapters/aws/rotation/webhook-secret.ts';
import { hookOf } from '../../adapters/github/webhook/hook.ts';
import { optional, variable } from '../../common/deployment.ts';
import { asHandler } from '../runtime/handler.ts';

/** Secrets Manager calls it four times for each new value. */
export const handler = asHandler((event) => {
  const sessions = optional('sessions');
  const rotate = createRotation(
    new SecretsManagerClient({}),
    new Map([
      [variable('github'), webhookSecret(hookOf, Date.now)],
      [variable('deployment'), randomKey],
      ...(sessions === undefined ? [] : [[sessions, randomKey] as const]),
    ]),
    { now: Date.now, sleep: (ms) => delay(ms) },
  );
  return rotate(event);
});
