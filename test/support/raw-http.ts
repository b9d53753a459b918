import { connect, type Socket } from 'node:net';

/** What came back on a connection until the first whole answer, or until it ended. */
export interface RawAnswer {
  /** 0 when the connection ended without an answer. */
  status: number;
  /** In small letters. */
  headers: Map<string, string>;
  body: string;
  /** The other side closed the connection; false when it was left open after an answer. */
  closed: boolean;
}

/** A connection on which a test says what no client would. */
export async function open(url: string): Promise<{ socket: Socket; answer: Promise<RawAnswer> }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const answer = new Promise<RawAnswer>((resolve) => {
    let text = '';
    const end = (closed: boolean): void => {
      const [head = '', ...rest] = text.split('\r\n\r\n');
      const [first = '', ...lines] = head.split('\r\n');
      const headers = new Map(
        lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
      );
      resolve({ status: Number(first.split(' ')[1] ?? 0), headers, body: rest.join('\r\n\r\n'), closed });
    };
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
      const body = text.split('\r\n\r\n')[1];
      const keeps = !/\r\nconnection: close/i.test(text);
      if (keeps && length !== undefined && body !== undefined && body.length >= Number(length)) end(false);
    });
    // What was cut off while we still wrote is told by what came before.
    socket.on('error', () => undefined);
    socket.on('close', () => end(true));
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', () => resolve());
    socket.once('error', reject);
  });
  return { socket, answer };
}

/** Sends bytes as they are and hangs up once there is an answer. */
export async function sendRaw(url: string, ...parts: (string | Uint8Array)[]): Promise<RawAnswer> {
  const { socket, answer } = await open(url);
  for (const part of parts) socket.write(part);
  const got = await answer;
  socket.destroy();
  return got;
}
