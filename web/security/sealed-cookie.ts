import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** What a cookie is for; what was sealed for one opens for no other. */
type Purpose = 'login' | 'session';

export interface Seal {
  seal(purpose: Purpose, value: unknown): Promise<string>;
  /** Undefined for what was not sealed here, was changed, or was sealed for something else. */
  open(purpose: Purpose, text: string): Promise<unknown>;
}

const nonceBytes = 12;
const tagBytes = 16;
/** A browser keeps no larger cookie; nothing longer is worth a computation. */
const maxChars = 4_096;

/**
 * Seals what a browser keeps for us, so that it can neither be read nor made there.
 * @param keys Newest first: it seals, each opens. @param keys.newest Asked to look again, because somebody else may have
 * sealed with a key that was made a moment ago.
 */
export function createSeal(keys: (newest: boolean) => Promise<string[]>): Seal {
  return {
    async seal(purpose, value) {
      const [key] = await keys(false);
      if (key === undefined) throw new Error('there is no key to seal with');
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
