import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { DrydockError } from '../../../core/errors.ts';
import { digestOf, keySince, parseAppSecret } from '../secrets/app-secret.ts';
import type { Rotated } from './rotation.ts';

/** How long deliveries with a signature of the old secret are accepted. */
const overlapMs = 24 * 3_600_000;

interface Hook {
  sign(secret: string): Promise<void>;
  test(): Promise<void>;
}

/**
 * Rotates the webhook secret, which is part of the secret of the GitHub App. GitHub signs with the new one as soon as
 * it is set there, before the new version becomes current, so verifiers accept the pending version too. The other
 * fields stay. The age of the private key is stored as a field, because the rotation changes the age of the secret.
 */
export function webhookSecret(
  hookOf: (app: { apiUrl: string; appId: number; privateKey: string }) => Hook,
  now: () => number,
): Rotated {
  return {
    next(current) {
      const app = parseAppSecret(current?.text);
      const since = keySince(app) ?? current?.since ?? now();
      return JSON.stringify({
        ...(JSON.parse(current?.text ?? '{}') as object),
        webhookSecrets: [randomBytes(32).toString('hex'), app.webhookSecrets[0]],
        oldUntil: new Date(now() + overlapMs).toISOString(),
        keyDigest: digestOf(app.privateKey),
        keySince: new Date(since).toISOString(),
      });
    },
    async set(next) {
      const app = parseAppSecret(next);
      await hookOf(app).sign(app.webhookSecrets[0] ?? '');
    },
    test: (next) => hookOf(parseAppSecret(next)).test(),
    replaces(current, next) {
      const [was, is] = [current, next].map(rest);
      if (was === is) return;
      throw new DrydockError('ServiceRefused', 'The secret of the App was changed while it was rotated.', {
        remedy: 'Cancel this rotation and start another: docs/rotation.md, "When a rotation does not end".',
      });
    },
  };
}

/** The fields that a rotation does not change. */
function rest(text: string): string {
  const {
    webhookSecrets: _secrets,
    oldUntil: _until,
    keyDigest: _digest,
    keySince: _since,
    ...kept
  } = z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  return JSON.stringify(Object.entries(kept).sort(([a], [b]) => (a < b ? -1 : 1)));
}
