import { z } from 'zod';
import { line, pathFault, refused } from '../task-spec/fields.ts';
import { hiddenCharacter } from '../task-spec/text.ts';
import { readPattern } from './pattern.ts';
import type { ParameterValue } from './record.ts';

/** UTF-16 code units of a value that is text. */
const maxText = 200;
const maxEntries = 50;

type Read = (given: string) => ParameterValue | { fault: string };

interface Type {
  read: Read;
  /** Whether a value may stand in a command: its characters mean nothing to a shell. */
  inCommands: boolean;
  /** A value for `lint`, which has no values. */
  sample: ParameterValue;
}

const word = /^[A-Za-z0-9@_][A-Za-z0-9._@/+-]{0,199}$/;
const leaves = (text: string): boolean => text.split('/').includes('..');

const oneOf = (fault: string | undefined, value: string): ParameterValue | { fault: string } =>
  fault === undefined ? value : { fault };

const glob: Read = (given) =>
  oneOf(
    given.trim() === '' || given.trim() !== given || given.length > maxText
      ? `must have 1 to ${maxText} characters, without blanks at its ends.`
      : (unseen(given) ?? pathFault(given)),
    given,
  );

/**
 * The types of parameters. Every alphabet is closed: no value has a line end or a hidden character, and none that may
 * stand in a command has a character that a shell reads.
 */
const types = {
  string: { read: (given) => oneOf(textFault(given), given), inCommands: false, sample: 'sample' },
  word: {
    read: (given) =>
      oneOf(
        word.test(given) && !leaves(given)
          ? undefined
          : 'must be a word of letters, digits and . _ @ / + -, such as a package or a version, without "..".',
        given,
      ),
    inCommands: true,
    sample: 'sample',
  },
  integer: {
    read: (given) =>
      /^-?\d{1,15}$/.test(given) ? Number(given) : { fault: 'must be a whole number of at most 15 digits.' },
    inCommands: true,
    sample: 1,
  },
  number: {
    read: (given) =>
      /^-?\d{1,15}(?:\.\d{1,15})?$/.test(given) ? Number(given) : { fault: 'must be a number such as 2.5.' },
    inCommands: true,
    sample: 1,
  },
  boolean: {
    read: (given) => (given === 'true' || given === 'false' ? given === 'true' : { fault: 'must be true or false.' }),
    inCommands: true,
    sample: true,
  },
  path: {
    read: (given) =>
      oneOf(
        /^[A-Za-z0-9._@+/-]{1,200}$/.test(given)
          ? pathFault(given)
          : `must be a path of letters, digits and . _ @ + - /, with at most ${maxText} characters; a glob has the type glob.`,
        given,
      ),
    inCommands: true,
    sample: 'sample',
  },
  glob: { read: glob, inCommands: false, sample: 'sample/**' },
  list: {
    read(given) {
      const entries = given.split(',').map((entry) => entry.trim());
      if (given.trim() === '') return { fault: 'must have at least one entry; separate entries with commas.' };
      if (entries.length > maxEntries) return { fault: `must have at most ${maxEntries} entries.` };
      for (const entry of entries) {
        const read = glob(entry);
        if (typeof read === 'object' && 'fault' in read) return { fault: `has an invalid entry: ${read.fault}` };
      }
      return entries;
    },
    inCommands: false,
    sample: ['sample/**'],
  },
} as const satisfies Record<string, Type>;

type TypeName = keyof typeof types;
const typeNames = Object.keys(types) as [TypeName, ...TypeName[]];

/** A value in the front matter, before its check. */
const written = z.union([z.string().max(2_000), z.number(), z.boolean(), z.array(z.string().max(500)).max(maxEntries)]);

/** The definition of a parameter. */
export const parameter = z.strictObject({
  description: line(300).describe('What the value means; shown where somebody has to give it.'),
  type: z
    .enum(typeNames)
    .default('string')
    .describe(
      'What a value may be. Commands take word, integer, number, boolean, path, and text with an enum of words.',
    ),
  default: written.optional().describe('Value if none is given; without it the parameter has to be given.'),
  enum: z
    .array(z.union([z.string().max(maxText), z.number()]))
    .min(1)
    .max(50)
    .optional()
    .describe('The only values.'),
  pattern: refused(z.string().min(1).max(200), (source) => {
    const read = readPattern(source);
    return typeof read === 'string' ? read : undefined;
  })
    .optional()
    .describe('Regular expression without groups and alternatives that a text value has to match as a whole.'),
});
export type Parameter = z.output<typeof parameter>;

/** Checks a value as it was given: text of a command line, or a plain value of front matter. */
export function readValue(definition: Parameter, given: unknown): ParameterValue | { fault: string } {
  const text = Array.isArray(given) ? given.join(',') : String(given);
  if (Array.isArray(given) && definition.type !== 'list')
    return { fault: `must be one ${definition.type}, not a list.` };
  const value: ParameterValue | { fault: string } = types[definition.type].read(text);
  if (isFault(value)) return value;
  if (definition.enum && !definition.enum.some((each) => String(each) === String(value)))
    return { fault: `must be one of ${definition.enum.join(', ')}.` };
  if (definition.pattern !== undefined) {
    const pattern = readPattern(definition.pattern);
    if (typeof pattern === 'string' || typeof value !== 'string' || !pattern.test(value))
      return { fault: `must match the pattern ${definition.pattern}` };
  }
  return value;
}

export const isFault = (value: ParameterValue | { fault: string }): value is { fault: string } =>
  typeof value === 'object' && 'fault' in value;

/** Whether no value of a parameter has a character that a shell reads. */
export const mayStandInCommand = ({ type, enum: values }: Parameter): boolean =>
  types[type].inCommands ||
  (type === 'string' && values !== undefined && values.every((each) => word.test(String(each))));

export const sampleOf = (definition: Parameter): ParameterValue => {
  const value = readValue(definition, definition.default ?? definition.enum?.[0] ?? types[definition.type].sample);
  return isFault(value) ? types[definition.type].sample : value;
};

const unseen = (text: string): string | undefined => {
  const found = hiddenCharacter(text);
  return found === undefined && !/[\n\t]/.test(text)
    ? undefined
    : 'may have neither line ends, tabs nor hidden characters.';
};

const textFault = (text: string): string | undefined =>
  text.trim() === '' || text.length > maxText ? `must have 1 to ${maxText} characters.` : unseen(text);
