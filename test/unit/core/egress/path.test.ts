import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchesPath, normalPath, pathPatternFault } from '../../../../core/egress/path.ts';

const isAllowed = (pattern: string, target: string): boolean => {
  const path = normalPath(target);
  return !('fault' in path) && matchesPath(pattern, path);
};

describe('a pattern of paths', () => {
  test.each([
    ['/', ['/', '/?a=b'], ['/a', '//', '']],
    ['/**', ['/', '/a', '/a/b/', '/a%2Fb'], ['/a//b', '/./a']],
    ['/v1/**', ['/v1', '/v1/', '/v1/a/b', '/%76%31/a', '/v1/a%20b', '/v1/..a'], ['/v1a', '/v1%2Fa', '/V1/a', '/a/v1/']],
    [
      '/*/*/releases/download/**',
      ['/o/n/releases/download/v1/f.zip'],
      ['/o/releases/download/x', '/o%2Fn/x/releases/download/f'],
    ],
    ['/tags/*', ['/tags/a', '/tags/a%2Db'], ['/tags/', '/tags', '/tags/a/b', '/tags/a%2Fb']],
    ['/a*c', ['/ac', '/abc'], ['/ab', '/a/c', '/a%2Fc']],
    ['/a/**/z/**/q', ['/a/z/q', '/a/1/2/z/3/q'], ['/a/q', '/a/z', '/z/q']],
  ])('%s', (pattern, allowed, refused) => {
    expect(pathPatternFault(pattern)).toBeUndefined();
    expect(allowed.filter((target) => !isAllowed(pattern, target))).toEqual([]);
    expect(refused.filter((target) => isAllowed(pattern, target))).toEqual([]);
  });

  test.each([
    'a',
    '/a//b',
    '/../a',
    '/a/.',
    '/a/b**',
    '/a?b',
    '/a%2Fb',
    '/{a,b}',
    '/ä',
    `${'/a'.repeat(51)}`,
  ])('%s is a fault', (pattern) => expect(pathPatternFault(pattern)).toBeTypeOf('string'));
});

/** A server that decodes twice refuses what it cannot decode. */
const decoded = (path: string): string => {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
};

/** Ways in which a server may read a path: once or twice decoded, dot segments applied, parameters and doubles dropped. */
const readings: ((path: string) => string)[] = [
  (path) => path,
  decodeURIComponent,
  (path) => decoded(decodeURIComponent(path)),
  (path) => new URL(path, 'https://host').pathname,
  (path) => new URL(decodeURIComponent(path), 'https://host').pathname,
  (path) => path.replaceAll('\\', '/'),
  (path) => decodeURIComponent(path).replaceAll('\\', '/'),
  (path) => path.replace(/;[^/]*/g, ''),
  (path) => path.replace(/\/{2,}/g, '/'),
];

const piece = fc.constantFrom(
  ...[
    '/',
    'v1',
    'admin',
    '.',
    '..',
    '%2e',
    '%2E%2e',
    '%2f',
    '%2F',
    '%5c',
    '\\',
    '%252e',
    '%25',
    ';',
    ';x',
    '%00',
    '//',
    'a',
    '?',
    '#',
  ],
);

test('no path that a rule allows is read as one outside of its folder', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
      const target = `/v1/${pieces.join('')}`;
      if (!isAllowed('/v1/**', target)) return;
      const [path = ''] = target.split('?', 1);
      for (const read of readings) {
        const seen = read(path);
        expect(new URL(seen.replaceAll('\\', '/'), 'https://host').pathname).toMatch(/^\/v1(?:\/|$)/);
      }
    }),
    { numRuns: 5_000 },
  );
});

test('a path without special characters is allowed by exactly the patterns that spell it', () => {
  const word = fc.stringMatching(/^[a-z0-9]{1,4}$/);
  fc.assert(
    fc.property(
      fc.array(word, { minLength: 1, maxLength: 5 }),
      fc.array(word, { minLength: 1, maxLength: 5 }),
      (a, b) => {
        const path = `/${a.join('/')}`;
        expect(isAllowed(path, path)).toBe(true);
        expect(isAllowed(`/${b.join('/')}`, path)).toBe(a.join('/') === b.join('/'));
        expect(isAllowed(`/${a.map(() => '*').join('/')}`, path)).toBe(true);
        expect(isAllowed(`/${[...a, '*'].map(() => '*').join('/')}`, path)).toBe(false);
        expect(isAllowed(`/${a[0]}/**`, path)).toBe(true);
      },
    ),
  );
});

test('matching takes no more than pattern times path', () => {
  const pattern = `/${'**/'.repeat(49)}b`;
  expect(isAllowed(pattern, `/${'a/'.repeat(1_500)}`)).toBe(false);
});
