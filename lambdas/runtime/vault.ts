import type { sealedAs } from '../../common/deployment.ts';
import { variable } from '../../common/deployment.ts';
import type { TokenVault } from '../../core/ports/runtime/vault.ts';
import { later, onceLoaded } from './once.ts';

const client = onceLoaded(async () => {
  const { KMSClient } = await import('@aws-sdk/client-kms');
  return new KMSClient({});
});

/** Seals and opens under the key of the deployment. */
export const vault = (purpose: (typeof sealedAs)[keyof typeof sealedAs]): TokenVault =>
  later(async () => {
    const { createKmsVault } = await import('../../adapters/aws/secrets/vault.ts');
    return createKmsVault(await client(), variable('key'), purpose);
  }, {});
