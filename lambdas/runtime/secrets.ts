import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createSecrets } from '../../adapters/aws/secrets/secrets.ts';
import { named } from './once.ts';

export const secrets = named(() => createSecrets(new SecretsManagerClient({}), Date.now));
