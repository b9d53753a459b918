import { DecryptCommand, EncryptCommand, type KMSClient } from '@aws-sdk/client-kms';
import { DrydockError } from '../../../core/errors.ts';
import type { TokenVault } from '../../../core/ports/runtime/vault.ts';

/**
 * Encrypts small secrets with a KMS key. A secret that was encrypted for one purpose cannot be decrypted for another:
 * the purpose is the encryption context, which the policies of the roles also require. A task token fits KMS's limit of
 * 4 KiB.
 */
export function createKmsVault(client: KMSClient, keyArn: string, purpose: string): TokenVault {
  const context = { drydock: purpose };
  return {
    async seal(token) {
      const { CiphertextBlob } = await client.send(
        new EncryptCommand({ KeyId: keyArn, Plaintext: Buffer.from(token, 'utf8'), EncryptionContext: context }),
      );
      if (!CiphertextBlob) throw new DrydockError('Internal', 'KMS returned no ciphertext.');
      return Buffer.from(CiphertextBlob).toString('base64');
    },
    async open(sealed) {
      const { Plaintext } = await client.send(
        new DecryptCommand({
          KeyId: keyArn,
          CiphertextBlob: Buffer.from(sealed, 'base64'),
          EncryptionContext: context,
        }),
      );
      if (!Plaintext) throw new DrydockError('Internal', 'KMS returned no plaintext.');
      return Buffer.from(Plaintext).toString('utf8');
    },
  };
}
