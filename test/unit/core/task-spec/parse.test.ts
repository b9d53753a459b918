import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fixSpec, parseSpec } from '../../../../core/task-spec/parse.ts';
import { maxFileBytes } from '../../../../core/task-spec/text.ts';
import { bytesOf, complete, specBytes } from './specs.ts';

const head = `task_id: T-1
repository: acme/app
target_branch: main
output_branch_prefix: agent/t
instructions: Fix src/a.ts.
constraints: []
`;
const problemsOf = (text: string, file = 'a.yaml') =>
  parseSpec(file, bytesOf(text)).problems.map(({ line, column, rule }) => `${line}:${column} ${rule}`);

test('R1 defaults are filled in, and a test command is assumed from what is said', () => {
  const { spec, problems, taskId } = parseSpec('a.yaml', bytesOf(`${head}sandbox: {package_manager: cargo}\n`));
  expect(problems).toEqual([]);
  expect(taskId).toBe('T-1');
  expect(spec).toMatchObject({
    target_paths: [],
    depends_on: [],
    sandbox: { runtime: 'rust:1', test_command: 'cargo test', dependencies: [], env: {}, egress: [] },
    budget: {},
    review: { require_human_approval: true, ci_gates: [] },
  });
  expect(spec?.review.required_reviewers).toBeUndefined();
});

describe('R2 the form of the file', () => {
  test.each<[string, string, string[]]>([
    ['anchor', `${head}title: &a x\n`, ['7:11 anchor']],
    ['alias', `${head}title: *a\n`, ['7:8 alias']],
    ['tag', `${head}title: !!str x\n`, ['7:14 tag']],
    ['local tag', `${head}title: !x y\n`, ['7:11 tag']],
    ['tag on a map', `${head}budget: !x {max_usd: 1}\n`, ['7:12 tag']],
    ['merge key', `${head}<<: {title: x}\n`, ['7:1 merge-key']],
    ['two documents', `${head}---\n${head}`, ['7:1 multiple-documents']],
    ['directive', `%YAML 1.1\n---\n${head}`, ['1:1 directive']],
    ['duplicate key below', `${head}budget:\n  max_usd: 1\n  max_usd: 2\n`, ['9:3 duplicate-key']],
    ['constructor', `${head}constructor: x\n`, ['7:1 dangerous-key']],
    ['prototype below', `${head}sandbox: {env: {prototype: x}}\n`, ['7:17 dangerous-key']],
    ['quoted __proto__', `${head}"__proto__": {task_id: x}\n`, ['7:1 dangerous-key']],
    ['map as a key', `${head}? {a: b}\n: c\n`, ['7:3 key']],
    ['escape that hides a character', `${head}title: "a\\u202eb"\n`, ['7:8 bidi-character']],
    ['control character', `${head}title: a\u0007b\n`, ['7:9 control-character']],
    ['lone carriage return', `${head}title: a\rb\n`, ['7:9 control-character']],
    ['zero width space', `${head}title: a\u200bb\n`, ['7:9 invisible-character']],
    ['tag characters', `${head}title: a\u{e0041}b\n`, ['7:9 invisible-character']],
    ['a list as the file', '- a\n', ['1:1 type']],
    ['only a comment', '# nothing\n', ['1:1 empty-file']],
    ['reserved backtick', `${head}title: \`a\` stays\n`, ['7:8 unquoted-scalar']],
  ])('%s', (_, text, expected) => expect(problemsOf(text)).toEqual(expected));

  test('an over-large, an over-deep and a partly Latin-1 file', () => {
    expect(parseSpec('a.yaml', new Uint8Array(maxFileBytes + 1).fill(97)).problems.map((p) => p.rule)).toEqual([
      'file-too-large',
    ]);
    expect(
      problemsOf(`${head}sandbox: {mcp: ${'['.repeat(40)}${']'.repeat(40)}}\n`).map((p) => p.split(' ')[1]),
    ).toEqual(['type', 'too-deep']);
    expect(problemsOf('['.repeat(20_000)).length).toBeLessThanOrEqual(100);
    const latin = new Uint8Array([...bytesOf(`${head}bogus: 1\ntitle: caf`), 0xe9, 10]);
    expect(parseSpec('a.yaml', latin).problems.map(({ line, rule }) => `${line} ${rule}`)).toEqual([
      '7 unknown-key',
      '8 encoding',
    ]);
  });
});

describe('R2 one fault does not hide the others', () => {
  test('syntax, form, schema and secrets in one file', () => {
    const text = `task_id: ../x
repository: acme/app
target_branch: main
target_branch: -f
output_branch_prefix: agent/t
instruction: Fix it.
constraints: []
sandbox:
  dependencies:
    - @a/b@1
    - vitest
  egress: ["*.com"]
  env: {API_KEY: kd83kdk20dkd, PATH: /x}
  test_comand: npm test
budget: {max_usd: ghp_${'a1'.repeat(18)}}
review: {required_reviewers: -1}
`;
    expect(problemsOf(text)).toEqual([
      '1:1 required',
      '1:10 format',
      '1:10 format',
      '4:1 duplicate-key',
      '6:1 unknown-key',
      '10:7 unquoted-scalar',
      '12:12 format',
      '13:18 format',
      '13:38 format',
      '14:3 unknown-key',
      '15:19 secret',
      '15:19 type',
      '16:30 range',
    ]);
  });

  test('what was left out for its form is not called missing too', () => {
    expect(
      problemsOf(head.replace('task_id: T-1', 'task_id: *x').replace('constraints: []', 'constraints: [*y, a]')),
    ).toEqual(['1:10 alias', '6:15 alias']);
  });

  test('an unknown key is told what it was meant as', () => {
    const { problems } = parseSpec(
      'a.yaml',
      bytesOf(`${head}taskId: x\ntest_command: npm test\nzzz: 1\nsandbox: {max_usd: 2}\n`),
    );
    expect(problems.map((problem) => problem.message)).toEqual([
      '"taskId" is not a known field. Did you mean "task_id"?',
      '"test_command" is not a known field. Did you mean "sandbox.test_command"?',
      '"zzz" is not a known field.',
      '"sandbox.max_usd" is not a known field. Did you mean "budget.max_usd"?',
    ]);
  });

  test('no value of a secret is in a message', () => {
    const value = 'kd83kdk20dkdQ9';
    const { problems } = parseSpec('a.yaml', bytesOf(`${head}sandbox: {env: {DB_PASSWORD: ${value}}}\n`));
    expect(problems).toHaveLength(1);
    expect(JSON.stringify(problems)).not.toContain(value);
  });
});

describe('R2 secrets anywhere in a spec', () => {
  const jwt = `eyJ${'a'.repeat(20)}.eyJ${'b'.repeat(20)}.${'c'.repeat(20)}`;
  test.each([
    `ghp_${'a1'.repeat(18)}`,
    `AKIA${'Q7'.repeat(8)}`,
    jwt,
    'https://user:pass@example.com/x',
    '-----BEGIN RSA PRIVATE KEY-----',
  ])('%s is refused at its line', (secret) => {
    expect(problemsOf(`${head.replace('Fix src/a.ts.', `"Use ${secret} here."`)}`)).toEqual([
      expect.stringMatching(/^5:\d+ secret$/),
    ]);
  });
  test('documented examples, links and words are none', () => {
    const text = 'AKIAIOSFODNN7EXAMPLE https://example.com:8080/a@b task-runner-for-everything-we-do risk-assessment';
    expect(problemsOf(head.replace('Fix src/a.ts.', `"${text}"`))).toEqual([]);
  });
});

describe('R2 fields', () => {
  const refusedIn = (changes: Record<string, unknown>) => parseSpec('a.yaml', specBytes(changes)).problems.length > 0;
  const branches = [
    '-f',
    'a..b',
    'a b',
    'a~1',
    'a^',
    'a:b',
    'a?',
    'a*',
    'a[b',
    'a\\b',
    '/a',
    'a/',
    'a//b',
    '.a',
    'a/.b',
    'a.lock',
    'a.',
    '@',
    'a@{1}',
    'refs/heads/x',
    'HEAD',
    '',
  ];
  test.each(branches)('branch %j is refused', (branch) => {
    expect(refusedIn({ target_branch: branch })).toBe(true);
    expect(refusedIn({ output_branch_prefix: branch })).toBe(true);
  });
  test.each(['main', 'release/1.2', 'feature/#12', 'ümlaut'])('branch %j is taken', (branch) => {
    expect(refusedIn({ target_branch: branch })).toBe(false);
  });
  test.each([
    'a;b',
    'a$(b)',
    'a|b',
    'a`b`',
    'a&b',
    "a'b",
    'a"b',
    'a>b',
    'ü',
  ])('branch prefix %j is refused', (prefix) => {
    expect(refusedIn({ output_branch_prefix: prefix })).toBe(true);
  });
  test.each([
    '../a',
    'a/../b',
    '/etc',
    '~/a',
    'C:/a',
    'a\\b',
    '-a',
    '!a',
    './a',
    'a//b',
    '.git/config',
    'a/.GIT/x',
    '+(a|b)',
    '{1..99}',
  ])('path %j is refused', (path) => {
    expect(refusedIn({ target_paths: [path] })).toBe(true);
    expect(refusedIn({ excluded_paths: [path] })).toBe(true);
  });
  test.each([
    'src',
    'src/',
    'src/**/*.ts',
    'a/[id]/(group)/x.{ts,tsx}',
    '.github/x.yml',
  ])('path %j is taken', (path) => {
    expect(refusedIn({ target_paths: [path] })).toBe(false);
  });
  test.each([
    '*.com',
    '*.example.com',
    'example',
    'localhost',
    'https://example.com',
    'example.com:443',
    '10.0.0.1',
    '[::1]',
    'a.internal',
    'ex ample.com',
    '-a.com',
  ])('host %j is refused', (host) => expect(refusedIn({ sandbox: { egress: [host] } })).toBe(true));
  test('a host is kept in small letters', () => {
    const { spec } = parseSpec('a.yaml', specBytes({ sandbox: { egress: ['Docs.Example.com'] } }));
    expect(spec?.sandbox.egress).toEqual(['docs.example.com']);
  });
  test.each([
    [{ API_KEY: 'abcdefg' }, true],
    [{ GITHUB_TOKEN: 'abcdefg' }, true],
    [{ X: 'postgres://u:pw@db/x' }, true],
    [{ X: 'Zk3mT8xq1LrP0vBn7YwD5sHc9JfGa2Ue' }, true],
    [{ DRYDOCK_X: '1' }, true],
    [{ LD_PRELOAD: 'x' }, true],
    [{ 'A-B': '1' }, true],
    [{ CI: true }, true],
    [{ HTTPS_PROXY: '', CI: 'false', LANG: 'de_DE.UTF-8', USER: 'bob', npm_config_registry: 'x' }, false],
    [{ NODE_ENV: 'test', MAX_TOKENS: '4000', USE_AUTH: 'false', KEYBOARD: 'de' }, false],
    [{ GIT_COMMIT_URL: 'https://example.com/a/b', LONG: 'a-long-value-of-many-plain-words-here' }, false],
  ])('env %j refused: %j', (env, expected) => expect(refusedIn({ sandbox: { env } })).toBe(expected));
  test.each([
    '-g',
    'a;b',
    'git+https://x/y',
    'file:../x',
    'https://x/y.tgz',
    '',
  ])('dependency %j is refused', (dependency) => {
    expect(refusedIn({ sandbox: { dependencies: [dependency] } })).toBe(true);
  });
  test.each([
    { cpu: 0 },
    { cpu: -1 },
    { memory_mb: 1.5 },
    { timeout_minutes: 0 },
    { runtime: 'Node 20' },
    { package_manager: 'npmm' },
  ])('sandbox %j is refused', (sandbox) => expect(refusedIn({ sandbox })).toBe(true));
  test.each([
    { task_id: 'toString' },
    { task_id: 'a/b' },
    { repository: 'a/../b' },
    { repository: '-a/b' },
    { instructions: '  ' },
    { constraints: [''] },
    { title: 'a\nb' },
  ])('%j is refused', (changes) => expect(refusedIn(changes)).toBe(true));
});

describe('R1 Markdown', () => {
  const front = head.replace(/instructions.*\n/, '');
  test('positions are those of the whole file, the body included', () => {
    expect(problemsOf(`---\n${front}bogus: 1\n---\nDo \u200bit\n`, 'a.md')).toEqual([
      '7:1 unknown-key',
      '9:4 invisible-character',
    ]);
  });
  test('instructions may not be given twice, and have to be given once', () => {
    expect(problemsOf(`---\n${head}---\nDo it.\n`, 'a.md')).toEqual(['6:1 instructions-twice']);
    expect(problemsOf(`---\n${front}---\n\n`, 'a.md')).toEqual(['2:1 required']);
  });
  test('front matter that is missing or open', () => {
    expect(problemsOf('# Title\n', 'a.md')).toEqual(['1:1 front-matter']);
    expect(problemsOf(`---\n${front}# Title\n`, 'a.md')).toEqual(['1:1 front-matter']);
  });
  test('CRLF', () => {
    const { spec, problems } = parseSpec(
      'a.md',
      bytesOf(`---\n${front}---\n# Head\n\nDo it.\n`.replaceAll('\n', '\r\n')),
    );
    expect(problems).toEqual([]);
    expect(spec?.title).toBe('Head');
  });
});

describe('R2 fixSpec', () => {
  test('mends keys, flow lists and comments, and leaves every other byte', () => {
    const text = `\ufeff${head}sandbox:\r\n  dependencies: [@a/b@1, "@c/d", vitest] # @x\r\nsuccess_criteria:\n  - \`f(1)\` says "x"\n`;
    const mended = fixSpec('a.yaml', bytesOf(text));
    const expected = text.replace('[@a/b@1,', '["@a/b@1",').replace('`f(1)` says "x"', `'\`f(1)\` says "x"'`);
    expect(new TextDecoder('utf-8', { ignoreBOM: true }).decode(mended)).toBe(expected);
  });
  test('mends the front matter and not the body', () => {
    const text = `---\n${head.replace(/instructions.*\n/, '')}title: @x\n---\n- @a/b\n`;
    expect(new TextDecoder().decode(fixSpec('a.md', bytesOf(text)))).toBe(text.replace('title: @x', 'title: "@x"'));
  });
  test('nothing to mend', () => {
    expect(fixSpec('a.yaml', specBytes())).toBeUndefined();
    expect(fixSpec('a.yaml', new Uint8Array())).toBeUndefined();
    expect(fixSpec('a.md', bytesOf('@x'))).toBeUndefined();
  });
  test('property: what is mended says what was written and needs no second mending', () => {
    const scope = fc.stringMatching(/^@[a-z]{1,8}\/[a-z]{1,8}(@\^?[0-9]\.[0-9])?$/);
    fc.assert(
      fc.property(fc.array(scope, { minLength: 1, maxLength: 5 }), (packages) => {
        const mended = fixSpec(
          'a.yaml',
          bytesOf(`${head}sandbox:\n  dependencies:\n${packages.map((p) => `    - ${p}\n`).join('')}`),
        );
        if (!mended) return false;
        expect(parseSpec('a.yaml', mended).spec?.sandbox.dependencies).toEqual(packages);
        return fixSpec('a.yaml', mended) === undefined;
      }),
    );
  });
});

describe('R2 properties', () => {
  const snippet = fc.constantFrom(
    'task_id',
    ': ',
    '- ',
    '\n',
    '  ',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '&a',
    '*a',
    '!x',
    '%',
    '@',
    '`',
    '|',
    '>',
    '#',
    '---',
    '?',
    'x',
    '\t',
    '\u202e',
    '\r',
    ',',
    '<<',
    '__proto__',
    'sandbox',
    '1',
  );
  const noise = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(snippet, { maxLength: 30 }).map((parts) => parts.join('')),
    fc.array(snippet, { maxLength: 20 }).map((parts) => head + parts.join('')),
  );
  test('any text either loads or is refused at lines it has; nothing is thrown', () => {
    fc.assert(
      fc.property(noise, fc.constantFrom('a.yaml', 'a.md'), (text, file) => {
        const { spec, problems } = parseSpec(file, bytesOf(text));
        expect(spec === undefined).toBe(problems.some((problem) => problem.severity === 'error'));
        const lines = text.split('\n').length;
        for (const { line, column } of problems) {
          expect(line >= 1 && line <= lines && column >= 1).toBe(true);
        }
        fixSpec(file, bytesOf(text));
      }),
      { numRuns: 300 },
    );
  });
  test('any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => parseSpec('a.yaml', bytes).spec === undefined));
  });
  test('a key the schema does not know is always refused, wherever it is', () => {
    const known = new Set(Object.keys(complete));
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z_]{3,12}$/),
        fc.constantFrom(undefined, 'sandbox', 'budget', 'review'),
        (key, under) => {
          fc.pre(
            !known.has(key) &&
              !/^(title|agent|team|checkpoints|depends_on|known_failures|budget|__proto__|constructor|prototype)$/.test(
                key,
              ),
          );
          fc.pre(!/^(runtime|dependencies|env|egress|mcp|cpu|services|memory_mb|max_usd|ci_gates)$/.test(key));
          const changes = under === undefined ? { [key]: 1 } : { [under]: { [key]: 1 } };
          return parseSpec('a.yaml', specBytes(changes)).problems.some((problem) => problem.rule === 'unknown-key');
        },
      ),
    );
  });
});
