import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createSecrets } from '../../adapters/aws/secrets/secrets.ts';
import { named } from './once.ts';
import { traced } from './telemetry.ts';

export const secrets = named(() => createSecrets(traced(new SecretsManagerClient({})), Date.now));
