/** A real SMTP server on the loopback address, which keeps what it is given. */
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import { headerOf, partsOf } from './mime.ts';

interface ReceivedMail {
  from: string;
  to: string[];
  id: string | undefined;
  subject: string;
  text: string;
  html: string;
  raw: string;
}

export interface SmtpKit {
  port: number;
  received: ReceivedMail[];
  /** What the server answers to the next messages, one each; a code of 0 drops the connection after the message was taken. */
  answers: { code: number; says: string }[];
  /** Users that tried to sign in. */
  signIns: string[];
  close(): Promise<void>;
}

interface SmtpKitOptions {
  /** Key and certificate; without them there is no TLS. */
  tls?: { key: string; cert: string };
  /** TLS from the first byte. */
  secure?: boolean;
  login?: { user: string; password: string };
}

export async function startSmtp({ tls, secure = false, login }: SmtpKitOptions = {}): Promise<SmtpKit> {
  const received: ReceivedMail[] = [];
  const answers: SmtpKit['answers'] = [];
  const signIns: string[] = [];
  const server = new SMTPServer({
    ...(tls ? { ...tls, secure } : { disabledCommands: ['STARTTLS'] }),
    authOptional: login === undefined,
    allowInsecureAuth: false,
    logger: false,
    onAuth({ username = '', password }, _session, done) {
      signIns.push(username);
      if (username === login?.user && password === login.password) done(null, { user: username });
      else done(new Error('Invalid username or password'));
    },
    onData(stream, { envelope }, done) {
      void text(stream).then((raw) => {
        const answer = answers.shift();
        if (answer && answer.code > 0)
          return done(Object.assign(new Error(answer.says), { responseCode: answer.code }));
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        const to = envelope.rcptTo.map(({ address }) => address);
        received.push({ from, to, id: headerOf(raw, 'Message-ID'), ...partsOf(raw), raw });
        // Its answer never arrives.
        if (answer) for (const connection of server.connections) connection.close();
        else done();
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.server.address() as AddressInfo).port,
    received,
    answers,
    signIns,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
