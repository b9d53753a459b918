import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connectServer, isServed, ServerGone } from '../../../../cli/local/control-client.ts';

let folder: string;
let close: () => void = () => undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dd-'));
});
afterEach(() => {
  close();
  rmSync(folder, { recursive: true });
});

/** An owner that answers so far, and then is gone. */
async function server(answer: RequestListener): Promise<string> {
  const socket = join(folder, 's');
  const server = createServer(answer).listen(socket);
  await once(server, 'listening');
  close = () => server.close();
  return socket;
}
const gone = expect.objectContaining({ name: 'DataFolderBusy', exit: 4, retry: 'transient' });

test('R12 an owner that is gone, before or in the middle of an answer, is named as one', async () => {
  expect(await isServed(join(folder, 'nobody'))).toBe(false);
  const nobody = connectServer(join(folder, 'nobody')).service.idle();
  await expect(nobody).rejects.toBeInstanceOf(ServerGone);
  await expect(nobody).rejects.toEqual(gone);

  const socket = await server((_request, response) => {
    response.writeHead(200).write('{"result"', () => response.destroy());
  });
  await expect(connectServer(socket).service.idle()).rejects.toBeInstanceOf(ServerGone);
});

test('R12 what was watched comes until the owner is gone; who stops watching is told nothing', async () => {
  const socket = await server((_request, response) => {
    response.end('{"kind":"event","event":{"key":"one"}}\n');
  });
  const watch = async (signal: AbortSignal, onKey: (key: string) => void): Promise<void> => {
    for await (const item of connectServer(socket).watch('run', signal))
      if (item.kind === 'event') onKey(item.event.key);
  };
  const keys: string[] = [];
  await expect(watch(new AbortController().signal, (key) => keys.push(key))).rejects.toBeInstanceOf(ServerGone);
  expect(keys).toEqual(['one']);
  const stop = new AbortController();
  await watch(stop.signal, () => stop.abort());
});

test('who leaves while more may come stops without an error', async () => {
  let left: Promise<unknown> = Promise.resolve();
  const socket = await server((_request, response) => {
    left = once(response, 'close');
    response.write('{"kind":"event","event":{"key":"one"}}\n{"kind":"event"');
  });
  const stop = new AbortController();
  for await (const item of connectServer(socket).watch('run', stop.signal)) {
    expect(item).toMatchObject({ event: { key: 'one' } });
    break;
  }
  stop.abort();
  // An error that nobody listens to would end the process here, and this test with it.
  await left;
});
