import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DrydockError } from '../../../core/errors.ts';

const keyBytes = 32;

/** Encrypts task tokens with AES-256-GCM and a key that never leaves the data folder. */
export function createVault(key: Buffer): { seal(token: string): string; open(sealed: string): string } {
  return {
    seal(token) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      const body = Buffer.concat([cipher.update(token, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64');
    },
    open(sealed) {
      const bytes = Buffer.from(sealed, 'base64');
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
      decipher.setAuthTag(bytes.subarray(12, 28));
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
    },
  };
}

/** The key of a data folder. It is created on first use and readable by its owner only. */
export function loadKey(file: string): Buffer {
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    // A link is created atomically and never replaces an existing key.
    writeFileSync(temporary, randomBytes(keyBytes), { flag: 'wx', mode: 0o600 });
    linkSync(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  const key = readFileSync(file);
  if (key.length !== keyBytes)
    throw new DrydockError('FileUnreadable', `${file} does not contain a key of ${keyBytes} bytes.`);
  return key;
}
