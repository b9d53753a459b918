import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineSplitter } from '../../../../core/text/lines.ts';

const text = (line: Uint8Array | undefined): string | undefined => line && Buffer.from(line).toString('latin1');

/** All lines of a stream, and its rest. */
function split(chunks: readonly Uint8Array[], max: number) {
  const splitter = new LineSplitter(max);
  const lines = chunks.flatMap((chunk) => [...splitter.push(chunk)].map(text));
  return { lines, rest: text(splitter.rest()) };
}

test('however a stream is cut, its lines are the same: each ends with a line feed, over the limit it is dropped', () => {
  const bytes = fc
    .string({ unit: fc.constantFrom('a', 'b', '\n', '\r', '\xff'), maxLength: 60 })
    .map((it) => Buffer.from(it, 'latin1'));
  fc.assert(
    fc.property(bytes, fc.array(fc.nat(60), { maxLength: 8 }), fc.integer({ min: 1, max: 10 }), (stream, cuts, max) => {
      const at = [0, ...cuts.map((cut) => Math.min(cut, stream.length)).sort((a, b) => a - b), stream.length];
      const chunks = at.slice(1).map((end, index) => stream.subarray(at[index], end));
      const whole = stream.toString('latin1').split('\n');
      const kept = (line: string | undefined) => (line === undefined || line.length > max ? undefined : line);
      const last = kept(whole.at(-1));
      expect(split(chunks, max)).toEqual({
        lines: whole.slice(0, -1).map(kept),
        rest: last === '' ? undefined : last,
      });
    }),
  );
});

test('a line without an end costs no more memory than the limit, whatever the size of its chunks', () => {
  const splitter = new LineSplitter(1_000);
  const piece = Buffer.alloc(64 * 1024, 'x');
  const before = process.memoryUsage().arrayBuffers;
  for (let count = 0; count < 2_000; count += 1) expect([...splitter.push(piece)]).toEqual([]);
  for (let count = 0; count < 2_000; count += 1) [...splitter.push(Buffer.from('y'))];
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
  expect(splitter.rest()).toBeUndefined();
  expect([...splitter.push(Buffer.from('z\nnext\n'))].map(text)).toEqual([undefined, 'next']);
});
