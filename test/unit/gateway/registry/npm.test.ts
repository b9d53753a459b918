import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { npmPath } from '../../../../gateway/registry/npm-path.ts';
import { upstreamUrl } from '../../../../gateway/registry/registry.ts';
import { rewriteUrls } from '../../../../gateway/registry/rewrite.ts';

const base = 'https://registry.example/artifactory/api/npm/npm';

describe('the npm mirror', () => {
  test.each([
    ['tiny', 'tiny'],
    ['JSONStream', 'JSONStream'],
    ['@scope%2fname', '@scope%2fname'],
    ['@scope%2Fname', '@scope%2fname'],
    ['@scope/name', '@scope%2fname'],
    ['%40scope%2fname', '@scope%2fname'],
    ['tiny/latest', 'tiny/latest'],
    ['pnpm/10.0.0-rc.1', 'pnpm/10.0.0-rc.1'],
    ['@scope/name/1.0.0', '@scope/name/1.0.0'],
    ['tiny/-/tiny-1.0.0.tgz', 'tiny/-/tiny-1.0.0.tgz'],
    ['tiny%2f-%2ftiny-1.0.0.tgz', 'tiny/-/tiny-1.0.0.tgz'],
    ['tiny/-/tiny-1.0.0%2Bbuild.5.tgz', 'tiny/-/tiny-1.0.0%2Bbuild.5.tgz'],
    ['@scope/name/-/name-1.0.0.tgz', '@scope/name/-/name-1.0.0.tgz'],
    ['@scope%2fname/-/name-1.0.0.tgz', '@scope/name/-/name-1.0.0.tgz'],
    ['@scope/name/-/@scope/name-1.0.0.tgz', '@scope/name/-/@scope/name-1.0.0.tgz'],
    [`download/@scope/name/1.0.0/${'a'.repeat(64)}`, `download/@scope/name/1.0.0/${'a'.repeat(64)}`],
  ])('%s is what a package manager asks for', (subject, sent) => {
    expect(upstreamUrl(base, npmPath(subject))?.href).toBe(`${base}/${sent}`);
  });

  test.each([
    '',
    '/',
    '..',
    '.',
    '../secret',
    'a/../../b',
    'a/%2e%2e/%2E%2e/b',
    'a\\..\\b',
    '.%2e/x',
    '..%2f',
    '..%2fsecret',
    '..;/secret',
    'tiny/..;/secret',
    '..%5c',
    '..%5csecret',
    '..%252f',
    '%252e%252e%252f',
    'tiny//-//tiny.tgz',
    'tiny/-/../x.tgz',
    'tiny/-/..tgz',
    'tiny/-/.tgz',
    'tiny/-/a/b.tgz',
    'tiny/a/b',
    '@scope',
    '@scope/',
    '@/name',
    '@scope/name/-/@other/../name.tgz',
    '-/v1/search',
    '-/whoami',
    '-/npm/v1/tokens',
    '-/package/tiny/dist-tags',
    '-/all',
    'tiny%00',
    'tiny%0a',
    'tiny%3fx=1',
    'tiny%23',
    '%',
    '%ff',
    'a'.repeat(300),
    `${'a/'.repeat(2_000)}b`,
    '/etc/passwd',
    '//other.example/x',
    'https://other.example/x',
    'https:%2f%2fother.example',
  ])('M1: %s is not', (subject) => {
    expect(upstreamUrl(base, npmPath(subject))).toBeUndefined();
  });

  test('M1: no path leaves origin or base, or has an escape that a server would read a second time', () => {
    const unit = fc.constantFrom(
      '.',
      '/',
      '%2e',
      '%2f',
      '%252f',
      '%5c',
      ';',
      'a',
      '@',
      '-',
      '.tgz',
      ':',
      '\\',
      '?',
      '#',
    );
    fc.assert(
      fc.property(fc.string({ unit }), (subject) => {
        const url = upstreamUrl(base, npmPath(subject));
        if (url === undefined) return;
        expect(url.href.startsWith(`${base}/`)).toBe(true);
        expect(url.href.slice(base.length)).toMatch(/^\/[\w@.~+!*'()/-]*(?:%2f[\w.~+!*'()-]*)?$/);
        expect(url.search + url.hash).toBe('');
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('tarball addresses come back to the gateway, other addresses stay', () => {
  const mirror = 'http://127.0.0.1:8787/registry/npm/';
  const rewritten = (chunks: Buffer[]) =>
    text(Readable.from(chunks).pipe(rewriteUrls([{ from: base.endsWith('/') ? base : `${base}/`, to: mirror }])));

  test('in a document', async () => {
    const document = {
      dist: { tarball: `${base}/tiny/-/tiny-1.0.0.tgz` },
      homepage: 'https://elsewhere.example/',
      readme: 'ä€😀',
    };
    expect(JSON.parse(await rewritten([Buffer.from(JSON.stringify(document))]))).toEqual({
      ...document,
      dist: { tarball: `${mirror}tiny/-/tiny-1.0.0.tgz` },
    });
    const escaped = `"${base.replaceAll('/', '\\/')}\\/x"`;
    expect(await rewritten([Buffer.from(escaped)])).toBe(`"${mirror.replaceAll('/', '\\/')}x"`);
  });

  test('wherever the document is cut', async () => {
    const document = Buffer.from(
      `ä ${base}/a ${base}${base}/b ${base.replaceAll('/', '\\/')}\\/c ${base} ${'x'.repeat(99)}`,
    );
    const whole = await rewritten([document]);
    expect(whole.split(mirror)).toHaveLength(3);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(document.length), { maxLength: 6 }), async (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), document.length];
        const chunks = at.slice(1).map((end, index) => document.subarray(at[index], end));
        expect(await rewritten(chunks.filter((chunk) => chunk.length > 0))).toBe(whole);
      }),
    );
  });
});
