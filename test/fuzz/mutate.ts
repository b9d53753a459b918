import type { Random } from './random.ts';

const names = [
  'type',
  'name',
  'url',
  'id',
  '__proto__',
  'constructor',
  'toString',
  'length',
  '',
  'file_data',
  'fileData',
  'x'.repeat(300),
];
const values: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  '',
  'text',
  'https://attacker.example/',
  'data:image/png;base64,AAAA',
  '\u0000\ud800\u202e\ufeff',
  'x'.repeat(3_000),
  [],
  {},
  [[]],
  [null, 1, 'a', {}],
  { __proto__: null, type: 'url' },
  ['2026-13-45T99:99:99Z'],
];

/** A value nested `depth` deep. */
function nested(depth: number, random: Random): unknown {
  let value: unknown = null;
  for (let level = 0; level < depth; level += 1) value = random.chance(0.5) ? [value] : { a: value };
  return value;
}

const novel = (random: Random): unknown =>
  random.chance(0.05) ? nested(random.below(300), random) : random.pick(values);

/** A copy that differs at one place; what is not on the way there is shared. */
export function mutate(value: unknown, random: Random): unknown {
  if (typeof value === 'object' && value !== null && random.chance(0.85)) {
    const keys = Object.keys(value);
    if (keys.length > 0) {
      const key = random.pick(keys);
      if (Array.isArray(value)) {
        const index = Number(key);
        if (random.chance(0.1)) return value.toSpliced(index, 1);
        if (random.chance(0.1)) return value.toSpliced(index, 0, novel(random));
        if (random.chance(0.03)) return Array.from({ length: random.below(300) }, () => value[index]);
        return value.with(index, mutate(value[index], random));
      }
      const from = value as Record<string, unknown>;
      if (random.chance(0.1)) return Object.fromEntries(Object.entries(from).filter(([name]) => name !== key));
      if (random.chance(0.1)) return { ...from, [random.pick(names)]: novel(random) };
      if (random.chance(0.05)) return { ...from, [random.pick(keys)]: from[key] };
      return { ...from, [key]: mutate(from[key], random) };
    }
  }
  if (typeof value === 'string' && random.chance(0.5)) return scramble(Buffer.from(value), random).toString('latin1');
  return novel(random);
}

/** Bytes that differ at a few places: changed, left out, repeated, or cut off. */
export function scramble(bytes: Buffer, random: Random): Buffer {
  let out = bytes;
  for (let count = 1 + random.below(3); count > 0; count -= 1) {
    const at = random.below(out.length + 1);
    const end = Math.min(out.length, at + random.below(20));
    const kind = random.below(6);
    if (kind === 0) out = out.subarray(0, at);
    else if (kind === 1) out = Buffer.concat([out.subarray(0, at), out.subarray(end)]);
    else if (kind === 2) out = Buffer.concat([out.subarray(0, end), out.subarray(at)]);
    else if (kind === 3) out = Buffer.concat([out.subarray(0, at), noise(random, 8), out.subarray(at)]);
    else if (at < out.length) {
      out = Buffer.from(out);
      out[at] = kind === 4 ? random.below(256) : (out[at] ?? 0) ^ (1 << random.below(8));
    }
  }
  return out;
}

/** Random bytes, at most `max`. */
export function noise(random: Random, max: number): Buffer {
  const bytes = Buffer.alloc(random.below(max + 1));
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = random.below(256);
  return bytes;
}
