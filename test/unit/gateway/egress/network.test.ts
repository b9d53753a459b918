import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAuthority } from '../../../../gateway/egress/connect.ts';
import { isPublicAddress } from '../../../../gateway/egress/public-address.ts';
import { rewriteTarballs, upstreamUrl } from '../../../../gateway/registry/registry.ts';

describe('isPublicAddress', () => {
  test.each(['8.8.8.8', '93.184.216.34', '172.32.0.1', '2606:4700::1111'])('%s is', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
  test.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fd00::1',
    '::ffff:10.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::a00:1',
    '2001:db8::1',
    '2002:a00:1::',
    'ff02::1',
    'example.com',
    '',
  ])('%s is not', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('parseAuthority', () => {
  test('host and port, brackets taken off, in lower case', () => {
    expect(parseAuthority('Example.com:443')).toEqual({ host: 'example.com', port: 443 });
    expect(parseAuthority('[::1]:443')).toEqual({ host: '::1', port: 443 });
  });
  test.each([
    'example.com',
    'a b:443',
    'user@host:443',
    'host:0',
    'host:65536',
    'host:443/x',
    'http://host:443',
    '',
  ])('%s is none', (target) => {
    expect(parseAuthority(target)).toBeUndefined();
  });
});

describe('the npm mirror', () => {
  const base = 'https://registry.example/npm';
  test('paths stay below the base', () => {
    expect(upstreamUrl(base, '@scope%2fname', '?x=1')?.href).toBe('https://registry.example/npm/@scope%2fname?x=1');
    expect(upstreamUrl(base, 'tiny/-/tiny-1.0.0.tgz', '')?.href).toBe(
      'https://registry.example/npm/tiny/-/tiny-1.0.0.tgz',
    );
    for (const outside of ['../secret', 'a/../../b', 'a/%2e%2e/%2E%2e/b', 'a\\..\\b', '.%2e/x'])
      expect([outside, upstreamUrl(base, outside, '')]).toEqual([outside, undefined]);
  });
  test('no path leaves origin or base', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('.', '/', '%2e', '%2f', 'a', '@', ':', '\\', '?', '#') }),
        (subject) => {
          const url = upstreamUrl(base, subject, '');
          if (url !== undefined) expect(url.href.startsWith('https://registry.example/npm/')).toBe(true);
        },
      ),
    );
  });
  test('tarball addresses come back to the gateway, other addresses stay', () => {
    const mirror = 'http://127.0.0.1:8787/registry/npm/';
    const text = JSON.stringify({
      dist: { tarball: `${base}/tiny/-/tiny-1.0.0.tgz` },
      homepage: 'https://elsewhere.example/',
    });
    expect(JSON.parse(rewriteTarballs(text, base, mirror))).toEqual({
      dist: { tarball: `${mirror}tiny/-/tiny-1.0.0.tgz` },
      homepage: 'https://elsewhere.example/',
    });
    expect(rewriteTarballs('"https:\\/\\/registry.example\\/npm\\/x"', base, mirror)).toBe(
      '"http:\\/\\/127.0.0.1:8787\\/registry\\/npm\\/x"',
    );
  });
});
