import { mutate, noise, scramble } from './mutate.ts';
import type { Random } from './random.ts';

/** What a parser made of an input. */
interface Parsed {
  /** Whether it was valid. */
  valid: boolean;
  /** What it leads to; its size is bounded by that of the input. */
  output: unknown;
}

/** A parser of bytes that come from outside. A row of a table in `parsers/`; everything else is the same for all. */
export interface Parser {
  /** Reads one input. It may throw only errors of the names in `errors`. */
  parse(input: Buffer): Parsed | Promise<Parsed>;
  errors?: readonly string[];
  /** Valid inputs, which are changed; of `json` the structure, of the others the bytes. */
  samples: { json: readonly unknown[] } | { bytes: readonly (Buffer | string)[] };
  /** Inputs that grow: each is repeated between `before` and `after`, to eight times the length. */
  grows: readonly { before?: string; unit: string; after?: string }[];
  /** Limit in bytes for the output as JSON: this many for each byte of the input, beside a constant. Default: 2. */
  outputPerByte?: number;
}

/** What came of all inputs of a parser. */
export interface FuzzReport {
  valid: number;
  invalid: number;
  /** What must not be: another error, or too much output. */
  faults: string[];
  /** Memory that is still in use after all inputs. */
  keptMb: number;
  /** Each input that grows, with how much longer eight times the length takes. */
  slow: (Parser['grows'][number] & { times: number })[];
}

/** How much longer eight times the length may take: linear work grows by eight, quadratic work by sixty-four. */
export const maxGrowth = 24;

const words = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\',
  '\n',
  '\r\n',
  'data:',
  'null',
  '1e999',
  '-',
  '\u0000',
  '/*',
  '#',
  '&a',
  '*a',
  '@',
];

/** An input: a valid one, changed in its structure or in its bytes; words in any order; or any bytes. */
export function inputOf({ samples }: Parser, random: Random): Buffer {
  const kind = random.next();
  if (kind < 0.05) return noise(random, 200);
  if (kind < 0.1) return Buffer.from(Array.from({ length: random.below(40) }, () => random.pick(words)).join(''));
  if ('json' in samples) {
    let value = random.pick(samples.json);
    if (kind > 0.2) for (let count = 1 + random.below(2); count > 0; count -= 1) value = mutate(value, random);
    const bytes = Buffer.from(JSON.stringify(value) ?? '');
    return random.chance(0.2) ? scramble(bytes, random) : bytes;
  }
  const bytes = Buffer.from(random.pick(samples.bytes) as string);
  return kind > 0.2 ? scramble(bytes, random) : bytes;
}

/** Units that are repeated where a text is read. */
export const textUnits = (before = '', after = ''): Parser['grows'] =>
  ['a', ' ', '\n', '"', '\\', '[', '{"a":', ',', '\u00e9', '\n\n', ' \n', 'a\n', '/', '..', '%2f', 'data: '].map(
    (unit) => ({ before, unit, after }),
  );
