import { describe, expect, test } from 'vitest';
import { parseAuthority } from '../../../../gateway/egress/connect.ts';
import { isPublicAddress } from '../../../../gateway/egress/public-address.ts';

describe('isPublicAddress', () => {
  test.each([
    '8.8.8.8',
    '93.184.216.34',
    '172.32.0.1',
    '168.63.129.17',
    '166.12.0.1',
    '2606:4700::1111',
  ])('%s is', (address) => {
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
    '168.63.129.16',
    '161.26.0.10',
    '166.9.1.1',
    '192.31.196.1',
    '2620:4f:8000::1',
    'fd00:ec2::254',
    'fd20:ce::254',
    '100.100.100.200',
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
