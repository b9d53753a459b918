import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { PhaseEvent } from '../../../../../core/run/phase.ts';
import { gatewayClient } from '../../../../../sandbox/runner/link/gateway-client.ts';

test('a flood of one kind of event is cut off, and leaves the others and the end of a step', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'link-'));
  const bytes: Record<string, number> = {};
  const server = http.createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    request.on('end', () => {
      for (const line of text.split('\n').filter((each) => each !== '')) {
        const { type } = JSON.parse(line) as PhaseEvent;
        bytes[type] = (bytes[type] ?? 0) + line.length;
      }
      response.end('{}');
    });
  });
  try {
    const path = join(folder, 'gw');
    server.listen(path);
    await once(server, 'listening');
    const client = gatewayClient({ path }, 'secret');
    const input = 'x'.repeat(8_000);
    for (let n = 0; n < 2_000; n += 1)
      client.emit({ type: 'tool', id: String(n), title: 't', status: 'pending', input });
    client.emit({ type: 'message', text: 'm' });
    client.emit({ type: 'log', source: 'tests', text: 'l' });
    client.emit({ type: 'step', name: 'agent', status: 'passed' });
    await client.flush();
    expect(bytes).toMatchObject({ message: expect.any(Number), log: expect.any(Number), step: expect.any(Number) });
    expect(bytes.tool).toBeGreaterThan(3 * 1024 * 1024);
    expect(bytes.tool).toBeLessThan(5 * 1024 * 1024);
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
});
