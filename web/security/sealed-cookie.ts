import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** Purpose of a cookie; a value sealed for one purpose cannot be opened for another. */
type Purpose = 'login' | 'session';

export interface Seal {
  seal(purpose: Purpose, value: unknown): Promise<string>;
  /** Undefined for a value that was not sealed with these keys, was changed, or has another purpose. */
  open(purpose: Purpose, text: string): Promise<unknown>;
}

const nonceBytes = 12;
const tagBytes = 16;
/** Browsers store no larger cookies, so a longer value is refused without decryption. */
const maxChars = 4_096;

/**
 * Encrypts and authenticates cookie values, so that a browser can neither read nor forge them.
 * @param keys Keys, newest first: the newest seals, all open. @param keys.newest Whether to fetch the keys again,
 * because another process may have sealed with a key that was just created.
 */
export function createSeal(keys: (newest: boolean) => Promise<string[]>): Seal {
  return {
    async seal(purpose, value) {
      const [key] = await keys(false);
      if (key === undefined) throw new Error('no key to seal with exists');
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', derived(key, purpose), nonce);
      const sealed = [nonce, cipher.update(JSON.stringify(value), 'utf8'), cipher.final(), cipher.getAuthTag()];
      return Buffer.concat(sealed).toString('base64url');
    },
    async open(purpose, text) {
      if (text.length > maxChars || !/^[\w-]+$/.test(text)) return undefined;
      const bytes = Buffer.from(text, 'base64url');
      if (bytes.length <= nonceBytes + tagBytes) return undefined;
      for (const newest of [false, true]) {
        for (const key of await keys(newest)) {
          const value = opened(derived(key, purpose), bytes);
          if (value !== undefined) return value;
        }
      }
      return undefined;
    },
  };
}

const derived = (key: string, purpose: Purpose): Buffer =>
  Buffer.from(hkdfSync('sha256', key, '', `drydock pages ${purpose}`, 32));

function opened(key: Buffer, bytes: Buffer): unknown {
  try {
    const cipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
    cipher.setAuthTag(bytes.subarray(-tagBytes));
    const text = Buffer.concat([cipher.update(bytes.subarray(nonceBytes, -tagBytes)), cipher.final()]);
    return JSON.parse(text.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
