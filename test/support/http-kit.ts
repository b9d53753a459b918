/** An HTTP server on the loopback address, which keeps what it is asked and answers as it is told. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface HttpKit {
  url: string;
  received: { path: string; headers: IncomingHttpHeaders; body: string; taken: boolean }[];
  /** Answers to the next requests, one each; a status of 0 drops the connection after the request was taken. */
  answers: { status: number; headers?: Record<string, string>; body?: string | Iterable<Buffer> }[];
  close(): Promise<void>;
}

export async function startHttp(): Promise<HttpKit> {
  const received: HttpKit['received'] = [];
  const answers: HttpKit['answers'] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { status, headers = {}, body: says = '' } = answers.shift() ?? { status: 200 };
      received.push({ path: request.url ?? '', headers: request.headers, body, taken: status < 300 });
      if (status === 0) return request.socket.destroy();
      response.writeHead(status, headers);
      if (typeof says === 'string') return response.end(says);
      response.on('error', () => undefined);
      for (const chunk of says) response.write(chunk);
      return response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answers,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
