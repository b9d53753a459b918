import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSeal } from '../../../../web/security/sealed-cookie.ts';

const fixed = (...keys: string[]) => createSeal(async () => keys);

describe('R16 what a browser keeps', () => {
  test('is opened as it was sealed, for its purpose alone', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.string({ maxLength: 200 }), { maxKeys: 5 }), async (value) => {
        const text = await fixed('key').seal('session', value);
        expect(text).toMatch(/^[\w-]+$/);
        expect(await fixed('key').open('session', text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(await fixed('key').open('login', text)).toBeUndefined();
        expect(await fixed('other').open('session', text)).toBeUndefined();
      }),
      { numRuns: 25 },
    );
  });

  test('opens nothing that was changed, cut, or made elsewhere', async () => {
    const text = await fixed('key').seal('session', { subject: 'a' });
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.integer({ min: 1, max: 63 }), async (at, by) => {
        const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
        const other = letters[(letters.indexOf(text[at] ?? '') + by) % 64];
        const changed = `${text.slice(0, at)}${other}${text.slice(at + 1)}`;
        // The last letter has bits that no byte has.
        const same = Buffer.from(changed, 'base64url').equals(Buffer.from(text, 'base64url'));
        if (!same) expect(await fixed('key').open('session', changed)).toBeUndefined();
        expect(await fixed('key').open('session', text.slice(0, at))).toBeUndefined();
      }),
      { numRuns: 50 },
    );
    for (const made of ['', 'x', 'A'.repeat(60), 'A'.repeat(5_000), '{}', 'eyJhbGciOiJub25lIn0.e30.', text.concat('=')])
      expect(await fixed('key').open('session', made)).toBeUndefined();
  });

  test('is opened with both keys of a rotation, and with one that was made a moment ago', async () => {
    const old = await fixed('one').seal('session', 1);
    expect(await fixed('two', 'one').open('session', old)).toBe(1);
    expect(await fixed('three', 'two').open('session', old)).toBeUndefined();
    const asked: boolean[] = [];
    const late = createSeal(async (newest) => {
      asked.push(newest);
      return newest ? ['two', 'one'] : ['one'];
    });
    expect(await late.open('session', await fixed('two').seal('session', 2))).toBe(2);
    expect(asked).toEqual([false, true]);
    expect(await late.open('session', old)).toBe(1);
    expect(asked).toEqual([false, true, false]);
  });
});
