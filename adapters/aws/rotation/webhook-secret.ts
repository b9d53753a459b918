import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { DrydockError } from '../../../core/errors.ts';
import { digestOf, keySince, parseAppSecret } from '../secrets/app-secret.ts';
import type { Rotated } from './rotation.ts';

/** How long messages that were signed with the old secret are taken. */
const oldMs = 24 * 3_600_000;

interface Hook {
  sign(secret: string): Promise<void>;
  test(): Promise<void>;
}

/**
 * The webhook secret in the secret of the GitHub App. GitHub signs with the new one as soon as it is told, which is before
 * the new version is the current one: who checks signatures takes the pending one too. What else is in the secret stays,
 * and since when its private key is there is written down, as the rotation hides it.
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
        oldUntil: new Date(now() + oldMs).toISOString(),
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

/** What a rotation does not change. */
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
