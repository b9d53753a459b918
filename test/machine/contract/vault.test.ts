import { randomBytes } from 'node:crypto';
import { KMSClient } from '@aws-sdk/client-kms';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { awsError } from '../../../adapters/aws/errors.ts';
import { createKmsVault } from '../../../adapters/aws/secrets/vault.ts';
import { createVault } from '../../../adapters/local/storage/vault.ts';
import type { TokenVault } from '../../../core/ports/runtime/vault.ts';
import { on } from '../../support/aws/faults.ts';
import { kms } from '../../support/aws/kms.ts';
import { actions, awsForTests, sdkTries, thrownBy } from './aws-fixture.ts';

const keyArn = 'arn:aws:kms:us-east-1:123456789012:key/1';
const aws = awsForTests(() => kms(keyArn));
const onAws = (purpose = 'task-token'): TokenVault => createKmsVault(new KMSClient({}), keyArn, purpose);
const local = createVault(randomBytes(32));

describe.each([
  ['a key of the data folder', () => local],
  ['KMS', onAws],
] as [string, () => TokenVault][])('R16 tokens sealed under %s', (_, open) => {
  it('open again, and show nothing of themselves', async () => {
    // Step Functions' longest token.
    const token = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 }),
      fc.constant('t'.repeat(2_048)),
    );
    await fc.assert(
      fc.asyncProperty(token, async (text) => {
        const sealed = await open().seal(text);
        expect(await open().open(sealed)).toBe(text);
        if (text.length > 4) expect(Buffer.from(sealed, 'base64').toString('latin1')).not.toContain(text);
      }),
      { numRuns: 20 },
    );
  });

  it('do not open once they were changed or cut', async () => {
    const sealed = Buffer.from(await open().seal('token'), 'base64');
    for (const at of [0, 14, sealed.length - 1]) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(await thrownBy((async () => open().open(changed.toString('base64')))())).toBeInstanceOf(Error);
    }
    expect(await thrownBy((async () => open().open(sealed.subarray(0, -1).toString('base64')))())).toBeInstanceOf(
      Error,
    );
  });
});

describe('KMS', () => {
  it('R16 opens for the purpose it sealed for, and for no other', async () => {
    const sealed = await onAws('task-token').seal('token');
    expect(awsError(await thrownBy(Promise.resolve(onAws('credential').open(sealed))))).toMatchObject({
      name: 'ServiceRefused',
    });
    expect(aws().calls.map(({ action, input }) => [action, input.EncryptionContext])).toEqual([
      ['kms:Encrypt', { drydock: 'task-token' }],
      ['kms:Decrypt', { drydock: 'credential' }],
    ]);
  });

  it.each(['cut', 'lost', 'throttled', 'broken'] as const)('is asked again where it was %s', async (fault) => {
    aws().faults.push({ match: on('kms:Encrypt'), do: fault }, { match: on('kms:Decrypt'), do: fault });
    expect(await onAws().open(await onAws().seal('token'))).toBe('token');
    expect(actions(aws())).toHaveLength(4);
  });

  it('is named as what may pass where it stays away, and nothing sealed is in the error', async () => {
    aws().faults.push({ match: on('kms:Encrypt'), times: sdkTries, do: 'broken' });
    const named = awsError(await thrownBy(Promise.resolve(onAws().seal('very-secret'))));
    expect(named).toMatchObject({ name: 'Conflict' });
    expect(JSON.stringify([named, named?.message, named?.stack])).not.toContain('very-secret');
  });
});
