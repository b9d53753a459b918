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
