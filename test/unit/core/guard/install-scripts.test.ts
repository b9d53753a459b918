import { describe, expect, test } from 'vitest';
import { weakenedTests } from '../../../../core/guard/weakened.ts';
import { guardInput, violationsOf } from './changes.ts';

const scripts = (value: Record<string, string>, more = {}) => JSON.stringify({ name: 'x', scripts: value, ...more });
const lock = (packages: Record<string, unknown>) =>
  JSON.stringify({ lockfileVersion: 3, packages: { '': {}, ...packages } });
const archive = (version: string, hasInstallScript?: true, name?: string) => ({
  name,
  version,
  integrity: `sha512-${version}`,
  hasInstallScript,
});
const esbuild = 'node_modules/esbuild';

const find = (path: string, before: string | undefined, after: string) =>
  weakenedTests(guardInput({ base: before === undefined ? {} : { [path]: before }, edits: [[path, after]] }));

describe('what runs without being named is refused until a person accepts it', () => {
  test.each([
    [
      'package.json',
      undefined,
      scripts({ postinstall: 'node x.js' }),
      'the script postinstall runs without being named: node x.js',
    ],
    ['package.json', scripts({ prepare: 'husky' }), scripts({ prepare: 'node x.js' }), 'the script prepare runs'],
    ['packages/a/package.json', scripts({}), scripts({ preinstall: 'x' }), 'the script preinstall runs'],
    ['package.json', scripts({ check: 'x' }), scripts({ check: 'x', postcheck: 'y' }), 'the script postcheck runs'],
    [
      'package.json',
      scripts({ precheck: 'x' }),
      scripts({ precheck: 'x', check: 'y', postinstall: '' }),
      'the script postinstall runs',
    ],
    [
      'package.json',
      scripts({}),
      scripts({}, { pnpm: { onlyBuiltDependencies: ['x'] } }),
      'pnpm decides which packages may run scripts',
    ],
    ['.npmrc', undefined, 'node-options=--import ./x.mjs\n', 'sets node-options of npm'],
    ['.npmrc', 'fund=false\n', 'fund=false\r\n  "script-shell" = /x\n', 'sets script-shell of npm'],
    ['.npmrc', 'ignore-scripts=true\n', 'ignore-scripts=false\n', 'sets ignore-scripts of npm'],
    ['a/.npmrc', undefined, '; comment\ngit=./x\n', 'sets git of npm'],
    ['.npmrc', undefined, 'ca[]=x\n', 'sets ca of npm'],
    ['.npmrc', undefined, '[x]\nfund=false\n', 'sets a section of npm'],
    ['.pnpmfile.cjs', undefined, 'module.exports = {};', 'decides what the package manager runs'],
    ['.yarnrc.yml', 'a: 1', 'yarnPath: x.cjs', 'decides what the package manager runs'],
    ['.yarn/releases/yarn.cjs', undefined, 'x', 'decides what the package manager runs'],
    ['binding.gyp', undefined, '{}', 'decides what the package manager runs'],
    ['package.yaml', undefined, 'scripts: {postinstall: x}', 'decides what the package manager runs'],
    [
      'package-lock.json',
      lock({}),
      lock({ [esbuild]: archive('1.0.0', true) }),
      'esbuild@1.0.0 (sha512-1.0.0) is new and runs a script when it is installed',
    ],
    [
      'npm-shrinkwrap.json',
      undefined,
      lock({ 'node_modules/a/node_modules/@b/c': archive('1.0.0', true) }),
      '@b/c@1.0.0',
    ],
    [
      'package-lock.json',
      lock({ [esbuild]: archive('1.0.0', true) }),
      lock({ [esbuild]: archive('1.0.0', true, 'evil') }),
      'evil@1.0.0',
    ],
    [
      'package-lock.json',
      lock({ [esbuild]: archive('1.0.0') }),
      lock({ [esbuild]: archive('1.0.0', true) }),
      'esbuild@1.0.0',
    ],
    [
      'package-lock.json',
      lock({}),
      lock({ [esbuild]: { ...archive('1.0.0'), hasInstallScript: 1 } }),
      'esbuild@1.0.0 (sha512-1.0.0) is new and runs a script',
    ],
    ...[
      ['https://registry.npmjs.org/esbuild/-/esbuild-1.0.0.tgz', 'https://registry.npmjs.org/evil/-/evil-1.1.0.tgz'],
      ['https://registry.npmjs.org/esbuild/-/esbuild-1.0.0.tgz', 'https://evil.example/esbuild/-/esbuild-1.1.0.tgz'],
      ['https://registry.npmjs.org/esbuild/-/esbuild-1.0.0.tgz', 'file:esbuild.tgz'],
      ['file:esbuild.tgz', 'file:esbuild.tgz'],
    ].map(([was, is]): [string, string, string, string] => [
      'package-lock.json',
      lock({ [esbuild]: { ...archive('1.0.0', true), resolved: was } }),
      lock({ [esbuild]: { ...archive('1.1.0', true), resolved: is } }),
      'esbuild@1.1.0 (sha512-1.1.0) is new and runs a script',
    ]),
    ['package-lock.json', lock({}), lock({ 'node_modules/junk': true }), 'cannot be read'],
    ['package-lock.json', undefined, '{"lockfileVersion":1,"dependencies":{}}', 'cannot be read'],
    ['package-lock.json', lock({}), '<<<<<<<\n{}\n|||||||\n{}\n=======\n{}\n>>>>>>>\n', 'cannot be read'],
    // npm repairs a file that a merge has left, so a file that JSON does not allow may install something, too.
    ['npm-shrinkwrap.json', lock({}), '{ broken', 'cannot be read'],
  ])('%s: %s → %s', async (path, before, after, message) => {
    const found = (await find(path, before, after)).filter((one) => one.message.includes(message));
    expect(found).toMatchObject([{ rule: 'TestsWeakened', path, refused: true }]);
    const situation = {
      base: before === undefined ? {} : { [path]: before },
      edits: [[path, after]] as [string, string][],
    };
    expect((await violationsOf(situation)).map(({ rule }) => rule)).toContain('TestsWeakened');
    expect(await violationsOf({ ...situation, weakeningAccepted: true })).toEqual([]);
  });

  test.each([
    [undefined, undefined],
    [
      'https://registry.npmjs.org/esbuild/-/esbuild-1.0.0.tgz',
      'https://registry.npmjs.org/esbuild/-/esbuild-1.1.0.tgz',
    ],
  ])('another version of a package that ran a script before is shown first: %s', async (was, is) => {
    const found = await find(
      'package-lock.json',
      lock({ [esbuild]: { ...archive('1.0.0', true), resolved: was } }),
      lock({ [esbuild]: { ...archive('1.1.0', true), resolved: is } }),
    );
    expect(found).toMatchObject([
      { message: expect.stringContaining('as another version did before'), refused: false },
    ]);
  });
});

test.each([
  ['package.json', scripts({ build: 'a' }), scripts({ build: 'b', preview: 'vite preview', postage: 'x' })],
  ['package.json', scripts({ postinstall: 'a' }), scripts({})],
  ['.npmrc', 'script-shell=/x\n', 'script-shell=/x\nfund=false\n# node-options=x\n; git=x\n\nengine-strict\n'],
  ['package-lock.json', lock({}), lock({ 'node_modules/plain': archive('1.0.0') })],
  [
    'package-lock.json',
    lock({ [esbuild]: archive('1.0.0', true) }),
    lock({ 'node_modules/a': archive('1.0.0'), [esbuild]: archive('1.0.0', true) }),
  ],
  ['package-lock.json', 'broken', lock({ 'node_modules/plain': archive('1.0.0') })],
  ['src/npmrc.txt', '', 'node-options=x'],
])('nothing runs by itself after: %s: %s → %s', async (path, before, after) => {
  expect(await find(path, before, after)).toEqual([]);
});
