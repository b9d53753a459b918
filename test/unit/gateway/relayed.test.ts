/** Connections that begin with nothing: the runner makes one every two seconds, to see that the gateway is there. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acceptRelayed } from '../../../gateway/relayed.ts';

let server: Server;
/** The server's ends of its connections. */
let sockets: Socket[];
const toServer = (): Socket => connect((server.address() as AddressInfo).port, '127.0.0.1');
beforeEach(async () => {
  sockets = [];
  server = createServer((_request, response) => response.end('there'));
  acceptRelayed(server, 'secret', 2 ** 30);
  server.on('connection', (socket) => sockets.push(socket));
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

test('one that is closed by its other end is closed here', async () => {
  const client = toServer();
  const [socket] = (await once(server, 'connection')) as [Socket];
  client.end();
  await once(socket, 'close');
  const open = await new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
  expect(open).toBe(0);
});

test('one that stays open does not keep the server from its end', async () => {
  const client = toServer().on('error', () => undefined);
  await once(server, 'connection');
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
  client.destroy();
});

test('one that speaks is answered as any other', async () => {
  const client = toServer();
  client.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  const chunks = await client.setEncoding('utf8').toArray();
  expect(chunks.join('')).toMatch(/^HTTP\/1\.1 200[\s\S]*there/);
});
