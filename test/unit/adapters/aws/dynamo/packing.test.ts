import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pack, unpack } from '../../../../../adapters/aws/dynamo/table/packing.ts';

const runId = `r-${'0123456789'.repeat(4)}`;
const hex = (length: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
const text = fc.oneof(
  fc.string(),
  hex(64),
  hex(40),
  hex(63),
  fc.string().map((rest) => `~${rest}`),
  fc.string().map((rest) => `${runId}${rest}`),
  fc.constantFrom(runId, `${runId}~`, '~', '~~', `~${runId}`, `${runId}/build/1/2`, 'A'.repeat(64)),
);
const value = fc.letrec((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    text,
    fc.integer(),
    fc.boolean(),
    fc.array(tie('node'), { maxLength: 4 }),
    fc.dictionary(
      fc.string({ minLength: 1 }).filter((key) => key !== '__proto__'),
      tie('node'),
      { maxKeys: 4 },
    ),
  ),
})).node;

describe('a packed item', () => {
  it('is unpacked to what it was, whatever its texts look like', () => {
    fc.assert(
      fc.property(value, (given) => {
        expect(unpack(pack({ given }, runId), runId)).toEqual({ given });
      }),
    );
  });

  it('holds digests as bytes and ids without their run', () => {
    const packed = pack({ digest: 'ab'.repeat(32), commit: 'cd'.repeat(20), applied: [`${runId}/plan/1/1`] }, runId);
    expect(packed.digest).toEqual(new Uint8Array(32).fill(0xab));
    expect(packed.commit).toEqual(new Uint8Array(20).fill(0xcd));
    expect(packed.applied).toEqual(['~/plan/1/1']);
  });
});
