import { createHash, randomUUID } from 'node:crypto';

/**
 * Functions for expressions: the library of JSONata 2.0.6 (https://docs.jsonata.org) without `$eval`, which Step
 * Functions does not support; Step Functions adds `$partition $range $hash $random $uuid $parse`
 * (https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html).
 */
export const builtIn: ReadonlySet<string> = new Set(
  `string length substring substringBefore substringAfter uppercase lowercase trim pad contains split join match
  replace base64encode base64decode encodeUrlComponent encodeUrl decodeUrlComponent decodeUrl number abs floor ceil
  round power sqrt formatNumber formatBase formatInteger parseInteger sum max min average boolean not exists count
  append sort reverse shuffle distinct zip keys lookup spread merge sift each error assert type now millis fromMillis
  toMillis map filter single reduce clone`.split(/\s+/),
);

const algorithms: Record<string, string> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};
/** Maximum length of an array: 256 KiB of JSON cannot contain more numbers. */
const maxRange = 131_072;

/** First value of a linear congruential generator (Numerical Recipes), in [0, 1). AWS does not publish its own. */
const seeded = (seed: number): number => ((Math.floor(seed) * 1_664_525 + 1_013_904_223) >>> 0) / 2 ** 32;

export const added = {
  partition(list: unknown, size: unknown): unknown[][] {
    const whole = Array.isArray(list) ? (list as unknown[]) : [list];
    if (!Number.isInteger(size) || (size as number) < 1) throw new Error('$partition needs a size of 1 or more');
    const step = size as number;
    return Array.from({ length: Math.ceil(whole.length / step) }, (_, i) => whole.slice(i * step, (i + 1) * step));
  },
  range(first: unknown, last: unknown, step: unknown): number[] {
    const [from, to, by] = [first, last, step].map(Number) as [number, number, number];
    if (![from, to, by].every(Number.isFinite) || by === 0) throw new Error('$range needs three numbers, no step of 0');
    const length = Math.max(0, Math.floor((to - from) / by) + 1);
    if (length > maxRange) throw new Error(`$range makes at most ${maxRange} values`);
    return Array.from({ length }, (_, i) => from + i * by);
  },
  hash(text: unknown, name: unknown): string {
    const algorithm = Object.hasOwn(algorithms, String(name)) ? algorithms[String(name)] : undefined;
    if (algorithm === undefined) throw new Error(`$hash knows ${Object.keys(algorithms).join(', ')}`);
    return createHash(algorithm)
      .update(typeof text === 'string' ? text : JSON.stringify(text))
      .digest('hex');
  },
  random: (seed?: unknown): number => (seed === undefined ? Math.random() : seeded(Number(seed))),
  uuid: (): string => randomUUID(),
  parse: (text: unknown): unknown => JSON.parse(String(text)),
};
