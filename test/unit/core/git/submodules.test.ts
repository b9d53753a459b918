import { describe, expect, it } from 'vitest';
import { parseGitmodules, repositoryOf, shownUrl } from '../../../../core/git/submodules.ts';

describe('parseGitmodules', () => {
  it('reads what git submodule add writes, and ignores the rest', () => {
    const text = [
      '[core]',
      '\tpath = evil',
      '[submodule "lib/x"]',
      '\tpath = lib/x/',
      '\turl = ../x.git',
      '\tupdate = !touch /tmp/ran',
      '[submodule "q"]',
      '\tpath = "with \\"quotes\\""',
      '\tURL = https://host/a/b',
      '[submodule "without a path"]',
      '\turl = x',
      'no equals sign',
    ].join('\n');
    expect(parseGitmodules(text)).toEqual([
      { path: 'lib/x', url: '../x.git' },
      { path: 'with "quotes"', url: 'https://host/a/b' },
    ]);
  });

  it('reads a bounded number', () => {
    const many = '[submodule "a"]\npath=a\nurl=b\n'.repeat(1_000);
    expect(parseGitmodules(many)).toHaveLength(200);
  });
});

describe('repositoryOf', () => {
  const repositories = {
    'acme/app': { host: 'git', url: '/srv/app' },
    'acme/lib': { host: 'github' },
    'local/x': { host: 'git', url: '/srv/x.git' },
  } as const;
  const app = { name: 'acme/app', location: '/srv/app' };
  it.each([
    ['https://github.com/acme/lib.git', 'acme/lib'],
    ['https://github.com/Acme/Lib/', 'acme/lib'],
    ['git@github.com:acme/lib.git', 'acme/lib'],
    ['ssh://git@github.com/acme/lib', 'acme/lib'],
    ['../lib.git', 'acme/lib'],
    ['../../acme/lib', 'acme/lib'],
    ['/srv/x', 'local/x'],
    ['file:///srv/x.git', 'local/x'],
    ['../x', 'local/x'],
    ['https://github.com/evil/lib', undefined],
    ['https://github.com/acme/lib/x', undefined],
    ['/srv/y', undefined],
    ['lib', undefined],
    ['../../../..', undefined],
    ['__proto__', undefined],
    ['', undefined],
  ])('finds the repository of %j', (url, name) => {
    expect(repositoryOf(url, app, repositories)).toBe(name);
  });
});

it('shows no password of a URL', () => {
  expect(shownUrl('https://me:secret@host/a/b\n')).toBe('https://host/a/b?');
});
