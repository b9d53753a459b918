import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createAppSecretWriter } from '../../adapters/aws/secrets/app-secret-writer.ts';
import { rotationDays, routes, variable } from '../../common/deployment.ts';
import { DrydockError } from '../../core/errors.ts';
import { encodeResult } from '../../pipeline/api/answer.ts';
import { decodeCall } from '../../pipeline/api/calls.ts';
import { asHandler } from '../runtime/handler.ts';
import { iamRoute } from './iam-route.ts';

const client = new SecretsManagerClient({});

/** Stores the GitHub App that `drydock github setup` created. It writes this one secret and cannot read it. */
const front = iamRoute(routes.setup, async (_caller, body) => {
  const { method, args } = decodeCall(body);
  const writer = createAppSecretWriter(client, variable('github'), {
    functionArn: variable('rotate'),
    days: rotationDays,
  });
  switch (method) {
    case 'is-stored':
      return encodeResult(await writer.isStored());
    case 'github-app':
      await writer.store(args[0], args[1] === true);
      return encodeResult(true);
    default:
      throw new DrydockError('UsageError', 'Unknown call.');
  }
});
export const handler = asHandler(front);
