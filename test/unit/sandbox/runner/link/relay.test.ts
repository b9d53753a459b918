import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { relayGreeting } from '../../../../../sandbox/layout.ts';
import { startRelay } from '../../../../../sandbox/runner/link/relay.ts';

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

test('what the gateway sends arrives whole at a client that reads slowly, though one buffer is used for all of it', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'relay-'));
  const answer = randomBytes(6 * 1024 * 1024);
  const asked: Buffer[] = [];
  const gateway = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('data', (chunk) => asked.push(chunk));
    socket.once('end', () => {
      // Pieces of many lengths: the buffer is filled now in part, now whole.
      for (let from = 0, n = 1; from < answer.length; from += n, n = ((n * 7) % 300_007) + 1)
        socket.write(answer.subarray(from, from + n));
      socket.end();
    });
  });
  gateway.listen(path.join(folder, 'socket'));
  await once(gateway, 'listening');
  const relay = await startRelay(0, { path: path.join(folder, 'socket') }, 'a'.repeat(32));
  try {
    const client = connect({ port: relay.port, host: '127.0.0.1', allowHalfOpen: true });
    client.end('GET /x HTTP/1.1\r\n\r\n');
    const got: Buffer[] = [];
    for await (const chunk of client) {
      got.push(chunk);
      // Longer than the relay takes to read what the kernel has room for.
      if (got.length % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(sha(Buffer.concat(got))).toBe(sha(answer));
    expect(Buffer.concat(asked).toString()).toBe(`${relayGreeting('a'.repeat(32))}GET /x HTTP/1.1\r\n\r\n`);
  } finally {
    relay.close();
    gateway.close();
    rmSync(folder, { recursive: true });
  }
});
