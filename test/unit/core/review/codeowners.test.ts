import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ownersOf } from '../../../../core/review/codeowners.ts';

/** The owners of one path, as they are written. */
const of = (file: string, path: string): string[] => {
  const { logins, teams, emails } = ownersOf(file, [path]);
  return [...logins, ...teams, ...emails];
};

/** The example of GitHub's documentation, in other words. */
const file = `
# Everything that no later line is about
*       @all-one @all-two

*.js    @js #inline comment
*.go docs@example.com
*.txt @octo-org/octocats

/build/logs/ @logs
docs/* docs@example.com
apps/ @apps
/docs/ @docs-root
/scripts/ @scripts-one @scripts-two
**/logs @any-logs
/tools/ @tools
/tools/github
/tools/github/mine @mine
`;

describe('CODEOWNERS', () => {
  it.each([
    ['README.md', ['all-one', 'all-two']],
    ['deep/er/file.js', ['js']],
    ['main.go', ['docs@example.com']],
    ['a/notes.txt', ['octo-org/octocats']],
    ['build/logs/today/1.bin', ['any-logs']],
    ['other/build/logs/1.bin', ['any-logs']],
    ['docs/start.md', ['docs-root']],
    ['docs/build/fix.md', ['docs-root']],
    ['x/docs/start.md', ['all-one', 'all-two']],
    ['x/apps/y/z.md', ['apps']],
    ['apps', ['all-one', 'all-two']],
    ['scripts/run', ['scripts-one', 'scripts-two']],
    ['x/scripts/run', ['all-one', 'all-two']],
    ['deeply/nested/logs', ['any-logs']],
    ['tools/x', ['tools']],
    ['tools/github', []],
    ['tools/github/x', []],
    ['tools/github/mine', ['mine']],
  ])('%s', (path, owners) => {
    expect(of(file, path)).toEqual(owners);
  });

  it.each([
    ['the last line that matches', '* @a\n*.ts @b\n*.ts @c', 'x.ts', ['c']],
    ['one star stays in its folder', 'src/* @a', 'src/x/y.ts', []],
    ['one star in its folder', 'src/* @a', 'src/y.ts', ['a']],
    ['one star at the root', '/* @a', 'src/y.ts', []],
    ['a star in a name does not cross a slash', '/src*.ts @a', 'src/a.ts', []],
    ['two stars do', '/src/**/x.ts @a', 'src/a/b/x.ts', ['a']],
    ['two stars may be nothing', '/src/**/x.ts @a', 'src/x.ts', ['a']],
    ['two stars at the end are something inside', 'src/** @a', 'src', []],
    ['two stars at the end', 'src/** @a', 'src/a/b', ['a']],
    ['a star for a folder', '/apps/*/config @a', 'apps/x/config/y', ['a']],
    ['a question mark', 'a?.ts @a', 'x/ab.ts', ['a']],
    ['a question mark is one character', 'a?.ts @a', 'a.ts', []],
    ['a folder named anywhere', 'logs/ @a', 'x/logs/y/z', ['a']],
    ['a folder, not a file', 'logs/ @a', 'x/logs', []],
    ['case counts', '*.TS @a', 'x.ts', []],
    ['a dot file', '* @a', '.github/workflows/x.yml', ['a']],
    ['parentheses and braces are themselves', 'a{b,c}(d)+.ts @a', 'a{b,c}(d)+.ts', ['a']],
    ['braces choose nothing', 'a{b,c}.ts @a', 'ab.ts', []],
    ['a blank in a name', 'my\\ file.md @a', 'x/my file.md', ['a']],
    ['no negation', '* @a\n!*.ts @b', 'x.ts', ['a']],
    ['no character range', '* @a\n[xy].ts @b', 'x.ts', ['a']],
    ['no escaped hash', '* @a\n\\#x @b', '#x', ['a']],
    ['a comment', '* @a\n#* @b', 'x', ['a']],
    ['owners behind a comment', '* @a # @b', 'x', ['a']],
    ['a comment for owners is no owner', '* @a\n*.ts # nobody', 'x.ts', []],
    ['a line with something else among its owners is skipped', '* @a\n*.ts @b nobody', 'x.ts', ['a']],
    ['windows line ends', '* @a\r\n*.ts @b\r\n', 'x.ts', ['b']],
    ['slashes that name nothing', '* @a\n/ @b\n// @c', 'x', ['a']],
  ])('%s', (_, lines, path, owners) => {
    expect(of(lines, path)).toEqual(owners);
  });

  it('names each owner of several paths once, whatever the case', () => {
    expect(ownersOf('*.ts @Lead @acme/Web a@x.test\n*.md @lead @acme/web', ['a.ts', 'b.md', 'c.ts'])).toEqual({
      logins: ['Lead'],
      teams: ['acme/Web'],
      emails: ['a@x.test'],
    });
  });

  it('is not held up by a pattern of many stars', () => {
    const pattern = `${'*a'.repeat(40)}b`;
    expect(of(`${pattern} @a\n${'**/a/'.repeat(40)}b @a`, `${'a'.repeat(200)}/${'a/'.repeat(100)}c`)).toEqual([]);
  });

  it('never throws, and a later line for everything always wins', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), fc.string({ minLength: 1 }), (text, path) => {
        expect(of(`${text}\n* @last`, path)).toEqual(['last']);
      }),
    );
  });

  it('matches a path as a regular expression of the pattern does', () => {
    const part = fc.constantFrom('a', 'b', '*', '**', 'a*', '?b', 'ab');
    const parts = fc.array(part, { minLength: 1, maxLength: 4 });
    const path = fc.array(fc.constantFrom('a', 'b', 'ab', 'aab', 'bb'), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(parts, path, (pattern, names) => {
        const inner = pattern.map((each) =>
          each === '**' ? '(?:[^/]+/)*' : `${each.replaceAll('*', '[^/]*').replaceAll('?', '[^/]')}/`,
        );
        const folder = pattern.at(-1) === '**' ? '[^/]+/(?:[^/]+/)*' : '(?:[^/]+/)*';
        const starOnly = pattern.at(-1) === '*';
        const expression = new RegExp(`^${inner.join('')}${starOnly ? '' : folder}$`);
        expect(of(`/${pattern.join('/')} @a`, names.join('/')).length === 1).toBe(
          expression.test(`${names.join('/')}/`),
        );
      }),
      { numRuns: 1_000 },
    );
  });
});
