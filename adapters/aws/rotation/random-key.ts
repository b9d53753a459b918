import { randomBytes } from 'node:crypto';
import { DrydockError } from '../../../core/errors.ts';
import type { Rotated } from './rotation.ts';

const bytes = 48;
/** Minimum length; the key that the stack generates is longer. */
const minChars = 32;

/** A random key that only Drydock's functions use. They accept the previous version too, until the next rotation. */
export const randomKey: Rotated = {
  next: () => randomBytes(bytes).toString('base64url'),
  test(next) {
    if (next.length >= minChars) return;
    throw new DrydockError('SecretMissing', `The key has fewer than ${minChars} characters.`, {
      remedy: 'Start a rotation: aws secretsmanager rotate-secret --secret-id ARN.',
    });
  },
};
