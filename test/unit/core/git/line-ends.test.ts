import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { flipOf, fromCrlf, hasCrlf, type TextRule, toCrlf } from '../../../../core/git/line-ends.ts';
import { gitBlobSha } from '../../../../core/task-spec/fingerprint.ts';

const folder = mkdtempSync(join(tmpdir(), 'drydock-eol-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const git = (...args: string[]): string =>
  execFileSync('git', ['-c', 'core.safecrlf=false', '-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' },
  });

/** Contents near the borders of git's rules. */
const some = fc.sample(
  fc
    .array(fc.constantFrom('\n', '\r\n', '\r', 'text', 'a', '\0', '\x1a', '\x07', '\x1b', '\u00fc', ' '), {
      maxLength: 12,
    })
    .map((parts) => Buffer.from(parts.join(''))),
  { numRuns: 250, seed: 7 },
);
const contents = [...some, Buffer.from(`${'x'.repeat(127)}\x07\n`), Buffer.from(`${'x'.repeat(128)}\x07\n`)];

describe.each<[TextRule, string]>([
  ['text', 'text eol=crlf'],
  ['auto', 'text=auto eol=crlf'],
])('the rule %s is that of git', (rule, attributes) => {
  it('for what it stores, and for what a checkout writes', () => {
    rmSync(join(folder, '.git'), { recursive: true, force: true });
    git('init', '-q');
    writeFileSync(join(folder, '.gitattributes'), `*.x ${attributes}\n`);
    const names = contents.map((content, i) => {
      writeFileSync(join(folder, `${i}.x`), content);
      return `${i}.x`;
    });
    git('add', '.');
    const stored = git('ls-files', '--stage', '--', '*.x').trim().split('\n');
    const ids = new Map(stored.map((line) => [line.split('\t')[1] ?? '', line.split(' ')[1] ?? '']));
    for (const [i, name] of names.entries()) {
      const content = contents[i] ?? Buffer.alloc(0);
      expect([name, gitBlobSha(fromCrlf(content, rule) ?? content)]).toEqual([name, ids.get(name)]);
    }
    // As they are, and then checked out with the attributes.
    rmSync(join(folder, '.gitattributes'));
    git('rm', '-q', '--cached', '-r', '.');
    git('add', '.');
    writeFileSync(join(folder, '.gitattributes'), `*.x ${attributes}\n`);
    for (const name of names) rmSync(join(folder, name));
    git('checkout-index', '--all', '--force');
    for (const [i, name] of names.entries()) {
      const content = contents[i] ?? Buffer.alloc(0);
      const written = Buffer.from(toCrlf(content, rule) ?? content).toString('hex');
      expect([name, written]).toEqual([name, readFileSync(join(folder, name)).toString('hex')]);
    }
  });
});

it('knows a CRLF, and a flip of all line ends', () => {
  const [lf, crlf, mixed, binary] = ['1\n2\n3\n', '1\r\n2\r\n3\r\n', '1\r\n2\n', '1\n2\n\0'].map((text) =>
    Buffer.from(text),
  );
  if (!lf || !crlf || !mixed || !binary) throw new Error('no content');
  expect([lf, crlf, mixed].map(hasCrlf)).toEqual([false, true, true]);
  expect(flipOf(lf, crlf)).toBe('LF to CRLF');
  expect(flipOf(crlf, lf)).toBe('CRLF to LF');
  for (const [before, after] of [
    [lf, lf],
    [lf, mixed],
    [binary, crlf],
    [crlf, mixed],
  ] as const)
    expect(flipOf(before, after)).toBeUndefined();
});
