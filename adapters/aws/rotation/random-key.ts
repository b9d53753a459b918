import { randomBytes } from 'node:crypto';
import { DrydockError } from '../../../core/errors.ts';
import type { Rotated } from './rotation.ts';

const bytes = 48;
/** Of the keys that the stack makes, too. */
const minChars = 32;

/** A key that only we know: whoever reads it takes the one before as well, until the next rotation. */
export const randomKey: Rotated = {
  next: () => randomBytes(bytes).toString('base64url'),
  test(next) {
    if (next.length >= minChars) return;
    throw new DrydockError('SecretMissing', `The key has fewer than ${minChars} characters.`, {
      remedy: 'Start a rotation: aws secretsmanager rotate-secret --secret-id ARN.',
    });
  },
};
