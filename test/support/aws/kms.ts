/** KMS's part of the stand-in: real encryption, so that nothing sealed can be read, and bound to its context. */
import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto';
import { AwsRefusal, type JsonOperation } from './call.ts';

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html */
const maxBytes = 4096;

/** @param keyArn The one key there is. @param purposes Values of `drydock` in the context that roles may use; else any. */
export function kms(keyArn: string, purposes?: readonly string[]): Record<string, JsonOperation> {
  // The same in each world: one world reads what another one sealed.
  const secret = hash('sha256', keyArn, 'buffer');
  const contextOf = ({ EncryptionContext = {} }: Record<string, unknown>): Buffer =>
    Buffer.from(JSON.stringify(Object.entries(EncryptionContext as object).sort()));
  const known = (input: Record<string, unknown>): void => {
    if (input.KeyId !== keyArn) throw new AwsRefusal('NotFoundException', `Key ${String(input.KeyId)} does not exist`);
    const { drydock } = (input.EncryptionContext ?? {}) as { drydock?: string };
    if (purposes && !purposes.includes(drydock ?? '')) throw new AwsRefusal('AccessDeniedException', 'context');
  };
  return {
    'kms:Encrypt'(input) {
      known(input);
      const plain = Buffer.from(String(input.Plaintext), 'base64');
      if (plain.length > maxBytes) throw new AwsRefusal('ValidationException', `more than ${maxBytes} bytes`);
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', secret, nonce).setAAD(contextOf(input));
      const sealed = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
      return { CiphertextBlob: sealed.toString('base64'), KeyId: keyArn };
    },
    'kms:Decrypt'(input) {
      known(input);
      const sealed = Buffer.from(String(input.CiphertextBlob), 'base64');
      try {
        const cipher = createDecipheriv('aes-256-gcm', secret, sealed.subarray(0, 12), { authTagLength: 16 });
        cipher.setAAD(contextOf(input)).setAuthTag(sealed.subarray(-16));
        const plain = Buffer.concat([cipher.update(sealed.subarray(12, -16)), cipher.final()]);
        return { Plaintext: plain.toString('base64'), KeyId: keyArn };
      } catch {
        throw new AwsRefusal('InvalidCiphertextException', '');
      }
    },
  };
}
