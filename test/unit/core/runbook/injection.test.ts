import fc from 'fast-check';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { DrydockError } from '../../../../core/errors.ts';
import {
  isFault,
  mayStandInCommand,
  type Parameter,
  parameter,
  readValue,
} from '../../../../core/runbook/parameters.ts';
import { readRunbook } from '../../../../core/runbook/parse.ts';
import { readPattern } from '../../../../core/runbook/pattern.ts';
import { useRunbook } from '../../../../core/runbook/use.ts';
import { pathFault } from '../../../../core/task-spec/fields.ts';
import { readSpec } from '../../../../core/task-spec/parse.ts';

const types = ['string', 'word', 'integer', 'number', 'boolean', 'path', 'glob', 'list'] as const;
const place = { repository: 'acme/app', targetBranch: 'main' };

/** A runbook that puts one parameter wherever a type may stand. */
const runbookOf = (type: string): string => `---
runbook: r
version: 1
parameters:
  p: {description: P, type: ${type}}
spec:
  task_id: T-1
  constraints: ["Keep \${p} as it is"]
  success_criteria: [{says: "Says \${p}", run: "true"}]
  sandbox: {package_manager: npm, env: {VALUE: "v \${p}"}}
---

# Heading

\${p}

- \${p} and \${p}
> quoted \${p}

Text
\${p}
more \${p}: end

## Second
`;

/** Texts that mean something to YAML, Markdown, a shell or a path, and any other text. */
const hostile = fc.oneof(
  fc.constantFrom(
    ...[
      '---',
      '# h',
      '## h',
      '- x',
      '1. x',
      '> q',
      '```',
      '~~~',
      '===',
      '<!--',
      '-->',
      '<div>',
      '[a]: b',
      '`',
      '``',
      '| a |',
    ],
    ...[
      '{a: 1}',
      '[1]',
      '&a',
      '*a',
      '!!str x',
      '? a',
      'a: b',
      '"',
      "'",
      '%YAML',
      'null',
      'true',
      '0x1',
      '{{',
      '${p}',
      '$${p}',
    ],
    ...['$(id)', '`id`', ';id', '|id', '&&id', '>x', '"$HOME"', "';id;'", '-rf', '*', '~', '\\', '!', '#'],
    ...['../x', '/etc/passwd', 'a/../../b', '.git/config', 'C:/x', 'a//b', './a', '..', 'a/..'],
    ...['a\nb', 'a\rb', 'a\u2028b', 'a\u0000b', 'a\u202eb', 'a\tb', '\n---\n', '\n# h'],
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: fc.constantFrom(...'`#->*_[]()<!:{}"\'$&|;\\/.\n\t ~=a1'), maxLength: 30 }),
);

/** The form of a document: kinds and depths of its blocks, without their text. */
const blocks = (markdown: string): string =>
  JSON.stringify(fromMarkdown(markdown), (key, value) => (key === 'position' || key === 'value' ? undefined : value));

describe('R8 no value of a parameter can become structure', () => {
  test.each(types)('%s: YAML, Markdown and front matter', (type) => {
    const read = readRunbook('r.md', new TextEncoder().encode(runbookOf(type)));
    if (!read.runbook) throw new Error(JSON.stringify(read.problems));
    const one = { ...read, runbook: read.runbook };
    const plain = type === 'integer' || type === 'number' ? '7' : type === 'boolean' ? 'true' : 'plain';
    const form = (given: string): { keys: string; blocks: string } | undefined => {
      let bytes: Uint8Array;
      try {
        ({ bytes } = useRunbook(one, { p: given }, place));
      } catch (error) {
        expect(error).toBeInstanceOf(DrydockError);
        return undefined;
      }
      const spec = parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
      // What is written is what was meant, and the product reads it so too.
      expect(readSpec('.agent-tasks/T-1.yaml', bytes).spec?.instructions).toBe(spec.instructions);
      const { instructions, runbook: _use, ...rest } = spec;
      const lines = JSON.stringify(rest, (_key, value) => (typeof value === 'string' ? value.includes('\n') : value));
      return { keys: lines, blocks: blocks(String(instructions)) };
    };
    const expected = form(plain);
    expect(expected).toBeDefined();
    fc.assert(
      fc.property(hostile, (given) => {
        const made = form(given);
        if (made === undefined) return;
        expect(made.keys).toBe(expected?.keys);
        // The entries of a list are spans of their own.
        if (type !== 'list') expect(made.blocks).toBe(expected?.blocks);
        else
          expect(
            made.blocks.match(/"type":"(?:heading|list|code|html|thematicBreak|blockquote|link|definition)"/g),
          ).toEqual(
            expected?.blocks.match(/"type":"(?:heading|list|code|html|thematicBreak|blockquote|link|definition)"/g),
          );
      }),
      { numRuns: 500 },
    );
  });

  test('a shell: what may stand in a command has no character that a shell reads', () => {
    const definitions: Parameter[] = [
      ...types.map((type) => parameter.parse({ description: 'd', type })),
      parameter.parse({ description: 'd', enum: ['a', 'b/c'] }),
      parameter.parse({ description: 'd', enum: ['a', 'b; c'] }),
    ];
    expect(definitions.map(mayStandInCommand)).toEqual([
      false,
      true,
      true,
      true,
      true,
      true,
      false,
      false,
      true,
      false,
    ]);
    fc.assert(
      fc.property(fc.constantFrom(...definitions.filter(mayStandInCommand)), hostile, (definition, given) => {
        const value = readValue(definition, given);
        if (!isFault(value)) expect(String(value)).toMatch(/^-?[A-Za-z0-9._@/+]+(?:[A-Za-z0-9._@/+-])*$/);
      }),
      { numRuns: 2_000 },
    );
  });

  test('a path: no path, glob, list or word leaves the repository', () => {
    fc.assert(
      fc.property(fc.constantFrom('path', 'glob', 'list', 'word'), hostile, (type, given) => {
        const value = readValue(parameter.parse({ description: 'd', type }), given);
        if (isFault(value)) return;
        for (const each of Array.isArray(value) ? value : [String(value)]) {
          expect(each.split('/')).not.toContain('..');
          if (type !== 'word') expect(pathFault(each)).toBeUndefined();
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('patterns', () => {
  const item = fc.tuple(
    fc.constantFrom('a', 'b', '.', '\\d', '[ab1]', '[^a]', '\\.', '-'),
    fc.constantFrom('', '*', '+', '?', '{2}', '{1,3}', '{2,}'),
  );
  test('say what a regular expression says', () => {
    fc.assert(
      fc.property(
        fc.array(item, { minLength: 1, maxLength: 5 }),
        fc.string({ unit: fc.constantFrom('a', 'b', '1', '.', '-'), maxLength: 8 }),
        (items, value) => {
          const source = items.flat().join('');
          const pattern = readPattern(source);
          expect(typeof pattern === 'string' ? pattern : pattern.test(value)).toBe(
            new RegExp(`^(?:${source})$`, 'u').test(value),
          );
        },
      ),
      { numRuns: 2_000 },
    );
  });
  test.each([
    '(a+)+',
    'a|b',
    '\\1',
    '(?=a)',
    'a**',
    '[z-a]',
    '[',
    'a{5,2}',
    'a{999}',
    '\\p{L}',
  ])('refuses %s', (source) => {
    expect(readPattern(source)).toEqual(expect.any(String));
  });
  test('takes steps in proportion to the value, also where an expression of the language would not end', () => {
    const pattern = readPattern('a*a*a*a*a*a*a*a*a*a*b');
    expect(typeof pattern !== 'string' && pattern.test('a'.repeat(200))).toBe(false);
  });
});
