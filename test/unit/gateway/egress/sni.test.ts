import type { EventEmitter } from 'node:events';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defined } from '../../../../core/defined.ts';
import { serverName } from '../../../../gateway/egress/sni.ts';

/** The first bytes a real client says. */
function hello(servername: string | undefined): Promise<Buffer> {
  return new Promise((resolve) => {
    const wire = new Duplex({
      read: () => undefined,
      write(chunk: Buffer, _encoding, done) {
        resolve(chunk);
        done();
      },
    });
    const socket = tls.connect({ socket: wire, ...defined({ servername }) });
    (socket as EventEmitter).on('error', () => undefined);
  });
}

describe('serverName', () => {
  test("reads it from a real client's hello, in lower case, and asks for more until it is whole", async () => {
    const bytes = await hello('Example.COM');
    expect(serverName(bytes)).toEqual({ kind: 'name', name: 'example.com' });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), (length) => {
        expect(serverName(bytes.subarray(0, length))).toEqual({ kind: 'more' });
      }),
    );
  });

  test('a hello without a name, and what is no TLS, have none', async () => {
    expect(serverName(await hello(undefined))).toEqual({ kind: 'none' });
    expect(serverName(Buffer.from('GET / HTTP/1.1\r\n'))).toEqual({ kind: 'none' });
    expect(serverName(Buffer.from([0x16, 3, 1, 0xff, 0xff, 1]))).toEqual({ kind: 'none' });
  });

  describe('L1: a name that a server could read otherwise is none', () => {
    const u16 = (value: number) => Buffer.from([value >> 8, value & 0xff]);
    const block = (bytes: Buffer) => Buffer.concat([u16(bytes.length), bytes]);
    const extension = (type: number, bytes: Buffer) => Buffer.concat([u16(type), block(bytes)]);
    const entry = (name: string, type = 0) => Buffer.concat([Buffer.from([type]), block(Buffer.from(name, 'latin1'))]);
    const names = (...entries: Buffer[]) => extension(0, block(Buffer.concat(entries)));
    /** A ClientHello with these extensions, and no more than it needs. */
    const made = (...extensions: Buffer[]): Buffer => {
      const body = Buffer.concat([
        Buffer.concat([u16(0x0303), Buffer.alloc(32), Buffer.from([0]), block(u16(0x1301)), Buffer.from([1, 0])]),
        block(Buffer.concat(extensions)),
      ]);
      const handshake = Buffer.concat([Buffer.from([1, 0]), block(body)]);
      return Buffer.concat([Buffer.from([0x16, 3, 1]), block(handshake)]);
    };

    test('the name as it is', () => {
      expect(serverName(made(extension(10, u16(0)), names(entry('a.example'))))).toEqual({
        kind: 'name',
        name: 'a.example',
      });
    });
    const unreadable = 'not one name of printable ASCII';
    test.each<[string, Buffer, string]>([
      ['a high bit: \xe1llowed.example', made(names(entry('\xe1llowed.example'))), unreadable],
      ['a zero byte', made(names(entry('allowed.example\0.attacker.example'))), unreadable],
      ['a line feed', made(names(entry('allowed.example\n'))), unreadable],
      ['a space', made(names(entry('allowed.example '))), unreadable],
      ['an empty name', made(names(entry(''))), unreadable],
      ['two names', made(names(entry('allowed.example'), entry('other.example'))), unreadable],
      ['another type first', made(names(entry('x', 1), entry('allowed.example'))), unreadable],
      ['two extensions', made(names(entry('allowed.example')), names(entry('other.example'))), unreadable],
      [
        'a list that is shorter than its entry',
        made(extension(0, Buffer.concat([u16(3), entry('allowed.example')]))),
        unreadable,
      ],
      [
        'encrypted ClientHello',
        made(names(entry('allowed.example')), extension(0xfe0d, u16(0))),
        'hidden by an encrypted ClientHello',
      ],
      [
        'encrypted ClientHello first',
        made(extension(0xfe0d, u16(0)), names(entry('allowed.example'))),
        'hidden by an encrypted ClientHello',
      ],
    ])('%s', (_what, bytes, reason) => {
      expect(serverName(bytes)).toEqual({ kind: 'none', reason });
    });

    test('where the gateway ends the TLS, an encrypted ClientHello hides nothing: bun sends one with random content', () => {
      for (const parts of [
        [names(entry('allowed.example')), extension(0xfe0d, u16(0))],
        [extension(0xfe0d, u16(0)), names(entry('allowed.example'))],
      ])
        expect(serverName(made(...parts), true)).toEqual({ kind: 'name', name: 'allowed.example' });
      expect(serverName(made(extension(0xfe0d, u16(0))), true)).toEqual({ kind: 'none' });
    });
  });

  test('any bytes, and a real hello with any byte changed, are answered without a throw', async () => {
    const bytes = await hello('example.com');
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (noise) => void serverName(Buffer.from(noise))));
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
        const changed = Buffer.from(bytes);
        changed[at] = value;
        expect(['more', 'none', 'name']).toContain(serverName(changed).kind);
      }),
    );
  });
});
