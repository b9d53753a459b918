import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { guardChange } from '../../../../core/guard/guard.ts';
import { basePaths } from '../../../../core/guard/input.ts';
import { formatViolations, remedyForSecrets } from '../../../../core/guard/violation.ts';
import { type Edits, guardInput, link, program, type Situation, submodule, violationsOf } from './changes.ts';

const elf = new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0xff, 0xfe]);
const key = `AKIA${'ABCDEFGHIJKLMNOP'}`;
const put = (path: string): Situation => ({ edits: [[path, 'x\n']] });

/** Each breaks exactly the rules it names. */
const hostile: [name: string, rules: string, situation: Situation][] = [
  ['an absolute path', 'InvalidPath', put('/etc/passwd')],
  ['a path that climbs out', 'InvalidPath', put('a/../../b')],
  ['a path with a dot part', 'InvalidPath', put('a/./b')],
  ['a path with an empty part', 'InvalidPath', put('a//b')],
  ['a path that ends in a slash', 'InvalidPath', put('a/')],
  ['a backslash', 'InvalidPath', put('a\\..\\..\\b')],
  ['a drive letter with a backslash', 'InvalidPath', put('C:\\x')],
  ['the git folder', 'InvalidPath', put('.git/hooks/pre-commit')],
  ['the git folder in capitals', 'InvalidPath', put('.GIT/config')],
  ['the git folder of a subfolder', 'InvalidPath', put('vendor/x/.git/config')],
  ['the git folder with a trailing dot', 'InvalidPath', put('.git./config')],
  ['the git folder with trailing spaces', 'InvalidPath', put('.git  /config')],
  ['the git folder by its 8.3 name', 'InvalidPath', put('GIT~1/config')],
  ['the git folder by an NTFS stream', 'InvalidPath', put('.git::$INDEX_ALLOCATION/config')],
  ['the git folder with an ignored joiner', 'InvalidPath', put('.g\u200dit/config')],
  ['the git folder with an ignored shape control', 'InvalidPath', put('.gi\u206ft/config')],
  ['a line feed', 'InvalidPath', put('a\nb')],
  ['a tab', 'InvalidPath', put('a\tb')],
  ['a null character', 'InvalidPath', put('a\0b')],
  ['an escape character', 'InvalidPath', put('a\u001b[31mb')],
  ['a right-to-left override', 'InvalidPath', put('a\u202egpj.ts')],
  ['an isolate', 'InvalidPath', put('a\u2066b')],
  ['a left-to-right mark', 'InvalidPath', put('a\u200eb')],
  ['a line separator', 'InvalidPath', put('a\u2028b')],
  ['tag characters', 'InvalidPath', put('a\u{E0041}b')],
  ['half a surrogate pair', 'InvalidPath', put('a\ud800b')],
  ['a name that no file system takes', 'InvalidPath', put('é'.repeat(128))],
  ['a delete by a hostile path', 'InvalidPath', { edits: [['../x', null]] }],
  ['the same path twice', 'InvalidPath', { edits: [['a', '1'], ['a', '2']] }], // biome-ignore format: one line each
  ['a case collision with the base', 'InvalidPath', { base: { 'README.md': '' }, edits: [['readme.md', '']] }],
  ['a case collision in the change', 'InvalidPath', { edits: [['a', ''], ['A', '']] }], // biome-ignore format: one line each
  ['a folder that collides by case', 'InvalidPath', { base: { 'src/a': '' }, edits: [['SRC/b', '']] }],
  ['composed and decomposed letters', 'InvalidPath', { base: { 'caf\u00e9': '' }, edits: [['cafe\u0301', '']] }],
  ['a file in place of a folder', 'InvalidPath', { base: { 'db/a.sql': '' }, edits: [['db', '']] }],
  ['a folder in place of a file', 'InvalidPath', { base: { db: '' }, edits: [['db/a.sql', '']] }],
  ['a file and a folder of one name', 'InvalidPath', { edits: [['db', ''], ['db/a', '']] }], // biome-ignore format: one line each
  ['a file behind a link of the base', 'InvalidPath', { base: { l: link('src') }, edits: [['l/a', '']] }],
  ['a link to an absolute path', 'SymlinkEscapes', { edits: [['l', link('/etc/passwd')]] }],
  ['a link out of the root', 'SymlinkEscapes', { edits: [['a/l', link('../../x')]] }],
  ['a link into the git folder', 'SymlinkEscapes', { edits: [['l', link('a/../.git/config')]] }],
  ['a link into the git folder, folded', 'SymlinkEscapes', { edits: [['l', link('.GIT./config')]] }],
  ['a link without a target', 'SymlinkEscapes', { edits: [['l', link('')]] }],
  ['a link that is not text', 'SymlinkEscapes', { edits: [['l', link(new Uint8Array([0xff, 0x2e]))]] }],
  ['a link with a backslash', 'SymlinkEscapes', { edits: [['l', link('..\\x')]] }],
  ['a link to itself', 'SymlinkEscapes', { edits: [['l', link('l')]] }],
  ['a link through a new link', 'SymlinkEscapes', { edits: [['a/up', link('..')], ['l', link('a/up/../x')]] }], // biome-ignore format: one line each
  [
    'a link through a link of the base',
    'SymlinkEscapes',
    { base: { 'a/up': link('..') }, edits: [['l', link('a/up/../x')]] },
  ],
  ['an old link through a new link', 'SymlinkEscapes', { base: { l: link('a/b/../../x'), 'a/b/c': '' }, edits: [['a/b/c', null], ['a/b', link('..')]] }], // biome-ignore format: one line each
  ['a submodule', 'SubmoduleAdded', { edits: [['vendor/lib', submodule]] }],
  ['a file that lists submodules', 'SubmoduleAdded', { edits: [['.gitmodules', '[submodule "x"]\n']] }],
  ['a binary that can be executed', 'ExecutableAdded', { edits: [['bin/tool', program(elf)]] }],
  ['a file that became executable', 'ExecutableAdded', { base: { a: 'x' }, edits: [['a', program('x')]] }],
  [
    'a script that became a binary',
    'ExecutableAdded',
    { base: { a: program('#!/bin/sh\n') }, edits: [['a', program(elf)]] },
  ],
  ['a secret', 'SecretFound', { edits: [['a.ts', `const key = '${key}';\n`]] }],
  ['a secret in an added line', 'SecretFound', { base: { 'a.ts': 'a\n' }, edits: [['a.ts', `a\n${key}\n`]] }],
  [
    'a secret in a binary file',
    'SecretFound',
    { edits: [['a.bin', new Uint8Array([0xff, ...Buffer.from(` ${key}\n`)])]] },
  ],
  ['a secret in UTF-16', 'SecretFound', { edits: [['a.txt', new Uint8Array(Buffer.from(`x = ${key} `, 'utf16le'))]] }],
  ['conflict markers', 'ConflictMarker', { edits: [['a', '<<<<<<< ours\n1\n=======\n2\n>>>>>>> theirs\n']] }],
  ['more files than allowed', 'TooManyFiles', { edits: [['a', ''], ['b', '']], changedFiles: 1 }], // biome-ignore format: one line each
  ['more bytes than allowed', 'TooManyBytes', { edits: [['a', '123456']], changedBytes: 5 }],
  ['a protected path', 'ProtectedPath', { edits: [['.github/workflows/ci.yml', '']], protect: ['.github/**'] }],
  [
    'a protected path in another case',
    'ProtectedPath',
    { edits: [['.GitHub/workflows/ci.yml', '']], protect: ['.github/**'] },
  ],
  [
    'a deleted protected path',
    'ProtectedPath',
    { base: { CODEOWNERS: '' }, edits: [['CODEOWNERS', null]], protect: ['CODEOWNERS'] },
  ],
  [
    'a protected path, as a file system writes it that folds ſ to s',
    'ProtectedPath',
    { edits: [['.agent-ta\u017Fks/a.md', '']], protect: ['.agent-tasks/**'] },
  ],
  [
    'a protected path, as a file system writes it that composes letters',
    'ProtectedPath',
    { edits: [['cafe\u0301/a', '']], protect: ['caf\u00E9/**'] },
  ],
  [
    'a file that lists submodules, by such a name',
    'SubmoduleAdded',
    { edits: [['.gitmodule\u017F', '[submodule "x"]\n']] },
  ],
  [
    'a name that differs from another one by ß and ss',
    'InvalidPath',
    { base: { 'strasse.js': '' }, edits: [['stra\u00DFe.js', '']] },
  ],
  ['a secret as the target of a link', 'SecretFound', { edits: [['a', link(`ghp_${'a1'.repeat(18)}`)]] }],
  ['a secret as a name', 'SecretFound', { edits: [[`keys/ghp_${'a1'.repeat(18)}`, '']] }],
  ['a source that git shows as binary', 'HiddenCharacters', { edits: [['src/a.mjs', '/* \0 */ evil();\n']] }],
  [
    'a program without an ending that git shows as binary',
    'HiddenCharacters',
    { edits: [['run', '#!/bin/sh\n: \0\nevil\n']] },
  ],
  ['a protected path with brackets', 'ProtectedPath', { edits: [['app/[id]/page.tsx', '']], protect: ['app/[id]'] }],
  [
    'a content in the place of a pointer of Git LFS',
    'LfsChanged',
    {
      base: { 'a.bin': 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n' },
      edits: [['a.bin', 'x']],
    },
  ],
  [
    'a new file that attributes of the base keep in Git LFS',
    'LfsChanged',
    { base: { '.gitattributes': '*.psd filter=lfs diff=lfs merge=lfs -text\n' }, edits: [['art/new.psd', 'x']] },
  ],
  [
    'a new file that attributes of a folder keep in Git LFS',
    'LfsChanged',
    {
      base: { 'art/.gitattributes': '# art\n/raw/** filter=lfs\n' },
      edits: [
        ['art/raw/a/b', 'x'],
        ['raw/a', 'x'],
        ['art/x/raw/a', 'x'],
      ],
    },
  ],
  ['an excluded path', 'ExcludedPath', { edits: [['src/ledger/a.ts', '']], excluded: ['src/ledger'] }],
  ['a path outside the target paths', 'OutsideTargetPaths', { edits: [['src/b.ts', '']], target: ['src/a.ts'] }],
  ['a path that begins like a target', 'OutsideTargetPaths', { edits: [['src/ab', '']], target: ['src/a'] }],
  [
    'several rules at once',
    'ExcludedPath OutsideTargetPaths ProtectedPath',
    { edits: [['x/y', '']], target: ['src'], excluded: ['x'], protect: ['x/*'] },
  ],
];

describe('guard refuses (R31, R45)', () => {
  it.each(hostile)('%s: %s', async (_, rules, situation) => {
    expect((await violationsOf(situation)).map(({ rule }) => rule).join(' ')).toBe(rules);
  });
});

const harmless: [name: string, situation: Situation][] = [
  ['an ordinary change', { base: { 'src/a.ts': 'a\n' }, edits: [['src/a.ts', 'b\n'], ['src/b.ts', 'c\n']] }], // biome-ignore format: one line each
  ['odd but sound names', { edits: [['a b/"c"\'d.txt', ''], ['données/日本.md', ''], ['.github.md', ''], ['a/...', '']] }], // biome-ignore format: one line each
  ['a name with an emoji joiner', { edits: [['👩\u200d🚀.md', '']] }],
  ['a rename by case', { base: { 'README.MD': 'x' }, edits: [['README.MD', null], ['README.md', 'x']] }], // biome-ignore format: one line each
  ['a folder that gives way to a file', { base: { 'db/a': '' }, edits: [['db/a', null], ['db', '']] }], // biome-ignore format: one line each
  ['a file that gives way to a folder', { base: { db: '' }, edits: [['db', null], ['db/a', '']] }], // biome-ignore format: one line each
  ['a collision the base has already', { base: { a: '', A: '' }, edits: [['b', '']] }],
  ['an edit beside a collision of the base', { base: { a: '', A: '1' }, edits: [['A', '2']] }],
  ['a link inside the root', { edits: [['a/l', link('../b/c')]] }],
  ['an escaping link of the base, untouched', { base: { l: link('/etc') }, edits: [['k', link('b')]] }],
  ['a deleted link', { base: { l: link('/etc') }, edits: [['l', null]] }],
  ['a link that became a file', { base: { l: link('/etc') }, edits: [['l', 'x']] }],
  ['an executable script', { edits: [['run.sh', program('#!/bin/sh\n')]] }],
  ['an executable of the base', { base: { a: program(elf) }, edits: [['a', program(new Uint8Array([...elf, 0]))]] }],
  ['an executable that moved', { base: { a: program(elf) }, edits: [['a', null], ['b/a', program(elf)]] }], // biome-ignore format: one line each
  ['a secret of the base in a line that stays', { base: { a: `${key}\n` }, edits: [['a', `x\n${key}\n`]] }],
  ['a moved file with a secret of the base', { base: { a: `${key}\n` }, edits: [['a', null], ['b', `${key}\n`]] }], // biome-ignore format: one line each
  [
    'conflict markers of the base',
    { base: { a: '<<<<<<< x\n>>>>>>> y\n' }, edits: [['a', '1\n<<<<<<< x\n>>>>>>> y\n']] },
  ],
  ['a heading of equal signs', { edits: [['a.md', 'Title\n=======\n']] }],
  ['a target path with brackets', { edits: [['app/[id]/page.tsx', '']], target: ['app/[id]/page.tsx'] }],
  ['a file below a target folder', { edits: [['src/a/b.ts', '']], target: ['./src/'] }],
  ['exactly the limits', { edits: [['a', '12345']], changedFiles: 1, changedBytes: 5 }],
];

describe('guard lets pass', () => {
  it.each(harmless)('%s', async (_, situation) => {
    expect(await violationsOf(situation)).toEqual([]);
  });
});

describe('guard', () => {
  it('never reports the secret itself', async () => {
    const found = await violationsOf({ edits: [['a', `one\n${key}\n`]] });
    expect(formatViolations(found)).toBe('SecretFound: a: line 2 looks like an AWS access key');
  });

  it('tells a person how to allow a value that is no secret, and allows exactly that one', () => {
    const input = guardInput({
      edits: [
        ['a', `${key}\n`],
        ['b', `x = ${key} `],
        [`keys/${key}`, ''],
        ['c', link(key)],
      ],
    });
    const found = guardChange(input);
    const [{ fingerprint = '' } = {}] = found;
    expect(found.map((each) => each.fingerprint)).toEqual(Array(4).fill(fingerprint));
    expect(remedyForSecrets(found)).toContain(
      `guard:\n  allowed_secrets:\n    - { fingerprint: ${fingerprint}, reason: "…" } # a: line 1 looks like an AWS access key`,
    );
    expect(remedyForSecrets(found)).not.toContain(`: ${key}`);
    expect(guardChange({ ...input, task: { ...input.task, allowedSecrets: [fingerprint] } })).toEqual([]);
    const other = guardInput({ edits: [['a', `${key}\n${key.slice(0, -1)}X\n`]] });
    expect(guardChange({ ...other, task: { ...other.task, allowedSecrets: [fingerprint] } })).toMatchObject([
      { rule: 'SecretFound', message: 'line 2 looks like an AWS access key' },
    ]);
    expect(remedyForSecrets([{ rule: 'InvalidPath', path: 'a', message: 'b' }])).toBe('');
  });

  it('does not read the contents of a change beyond its limits', async () => {
    const input = guardInput({
      base: Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`${i}.test.ts`, 'x'])),
      edits: Array.from({ length: 50 }, (_, i) => [`${i}.test.ts`, key]),
      changedFiles: 49,
    });
    const reads = basePaths(input.change.manifest.entries, input.tree, 49);
    const found = guardChange({ ...input, base: new Map() });
    expect([found.map(({ rule }) => rule), reads]).toEqual([['TooManyFiles'], []]);
  });

  it('counts the bytes the manifest names, also where the blobs are short', async () => {
    const input = guardInput({ edits: [['a', '1']], changedBytes: 10 });
    const entries = input.change.manifest.entries.map((entry) => ({ ...entry, bytes: 11 }));
    const change = { ...input.change, manifest: { ...input.change.manifest, entries } };
    expect((await guardChange({ ...input, change })).map(({ rule }) => rule)).toEqual(['TooManyBytes']);
  });

  it.each<[string, Situation, string]>([
    [
      'the largest files of too many bytes',
      { edits: [['big.dump', '1'.repeat(9_000)], ['a', '1']], changedBytes: 10 }, // biome-ignore format: one line each
      'TooManyBytes: .: 9001 bytes changed, but only 10 are allowed; most in big.dump (9000), a (1)',
    ],
    [
      'the folder of many small files of too many bytes',
      { edits: Array.from({ length: 9 }, (_, i) => [`dist/x/${i}`, '12']), changedBytes: 10 },
      'TooManyBytes: .: 18 bytes changed, but only 10 are allowed; most in dist/x/ (18 bytes), dist/x/0 (2), dist/x/1 (2), dist/x/2 (2)',
    ],
    [
      'the folder of too many files',
      {
        edits: [['a', ''], ...Array.from({ length: 9 }, (_, i): [string, string] => [`dist/x/${i}`, ''])],
        changedFiles: 5,
      },
      'TooManyFiles: .: 10 files changed, but only 5 are allowed; most in dist/x/ (9 files)',
    ],
    [
      'several folders of too many files',
      { edits: ['a/1', 'b/1', 'b/2', 'c/1', 'c/2', 'd/1'].map((path) => [path, '']), changedFiles: 5 },
      'TooManyFiles: .: 6 files changed, but only 5 are allowed; most in b/ (2), c/ (2), a/ (1)',
    ],
  ])('names %s', (_, situation, message) => {
    expect(formatViolations(guardChange(guardInput(situation)))).toBe(message);
  });

  it('reports the same whatever the order of the entries (R31)', async () => {
    const base = { 'src/a.ts': 'a\n', 'test/a.test.ts': "it('a', f);\nit('b', f);\n", db: 'x', l: link('src') };
    const pool: Edits = [
      ['src/a.ts', `${key}\n`],
      ['SRC/b.ts', 'b'],
      ['src/A.ts', 'c'],
      ['test/a.test.ts', "it('a', f);\n"],
      ['test/b.test.ts', "it.skip('b', f);\n"],
      ['db/x', 'x'],
      ['l', link('../x')],
      ['m', link('l/../..')],
      ['../x', 'x'],
      ['bin/x', program(elf)],
      ['package.json', '{"scripts":{"test":"true"}}'],
      ['db', null],
      ['.gitmodules', ''],
    ];
    await fc.assert(
      fc.asyncProperty(
        fc
          .subarray(pool)
          .chain((edits) => fc.tuple(fc.constant(edits), fc.shuffledSubarray(edits, { minLength: edits.length }))),
        async ([edits, shuffled]) => {
          const rules = { base, protect: ['bin'], target: ['src', 'test', 'db', 'l', 'm', 'bin'] };
          expect(await violationsOf({ ...rules, edits: shuffled })).toEqual(await violationsOf({ ...rules, edits }));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('lets no link out: whatever passes resolves inside the root (R31)', async () => {
    const part = fc.constantFrom('..', 'a', 'b', 'c', '.', '.git');
    const target = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
    await fc.assert(
      fc.asyncProperty(target, target, target, async (x, y, z) => {
        const links = new Map([['a/a', x], ['b', y], ['c/c/c', z]]); // biome-ignore format: one line
        const found = await violationsOf({ edits: [...links].map(([path, to]) => [path, link(to)]) });
        for (const path of links.keys()) {
          if (!found.some((v) => v.path === path)) expect(walk(path, links)).toBe('inside');
        }
      }),
    );
  });

  it('shows at most 100 violations, and hostile paths in visible characters', () => {
    const many = Array.from({ length: 250 }, () => ({
      rule: 'InvalidPath' as const,
      path: 'a\u202e\nb',
      message: 'x',
    }));
    const lines = formatViolations(many).split('\n');
    expect([lines.length, lines[0], lines[100]]).toEqual([101, 'InvalidPath: "a\\u{202e}\\nb": x', 'and 150 more']);
  });
});

/** An independent reading of path resolution: recursive, one link at a time. */
function walk(path: string, links: Map<string, string>, depth = 0): 'inside' | 'outside' {
  if (depth > 60) return 'outside';
  const parts = path.split('/');
  let at: string[] = [];
  for (const [i, part] of parts.entries()) {
    if (part === '.') continue;
    if (part === '.git') return 'outside';
    if (part === '..') {
      if (at.length === 0) return 'outside';
      at = at.slice(0, -1);
      continue;
    }
    const to = links.get([...at, part].join('/'));
    if (to !== undefined) return walk([...at, to, ...parts.slice(i + 1)].join('/'), links, depth + 1);
    at = [...at, part];
  }
  return 'inside';
}
