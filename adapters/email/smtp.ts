import { createTransport } from 'nodemailer';
import { DrydockError } from '../../core/errors.ts';
import type { SmtpServer } from '../../core/notification/policy-schema.ts';
import { withAddress } from '../../core/notification/recipients.ts';
import type { Channel } from '../../core/ports/runtime/notifier.ts';
import { type MailConfig, mailOf } from './mime.ts';

const timeouts = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000, dnsTimeout: 10_000 };
/** A server that answers a little at a time keeps each of these. All of it takes less than the lease of the sender. */
const wholeMs = 60_000;

export interface SmtpConfig extends MailConfig {
  server: SmtpServer;
  /** Password of the server's user; asked for at each connection, and never kept or logged. */
  password(): Promise<string>;
  /** Certificate authority besides those of the system, for tests. */
  ca?: string;
  /** Time for the whole of a message, in milliseconds. */
  limitMs?: number;
}

export interface SmtpChannel extends Channel {
  /** Connects and signs in, and sends nothing. @throws DrydockError. */
  check(): Promise<void>;
}

/**
 * Mail by SMTP, one message per person. TLS is verified. A connection that is lost after the message was given over may
 * mean that it comes twice, with the same Message-ID.
 */
export function createSmtpChannel({
  server,
  from,
  addressOf,
  password,
  ca,
  limitMs = wholeMs,
}: SmtpConfig): SmtpChannel {
  type Work = (transport: ReturnType<typeof createTransport>, signal: AbortSignal) => Promise<unknown>;
  const using = async (work: Work): Promise<void> => {
    const { host, port, security, user } = server;
    const transport = createTransport({
      ...{ host, port, ...timeouts },
      secure: security === 'tls',
      requireTLS: security === 'starttls',
      ignoreTLS: security === 'none',
      tls: { minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) },
      ...(user === undefined ? {} : { auth: { user, pass: await password() } }),
      // A message is built from facts; nothing of it may be read from a file or fetched.
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    const limit = new AbortController();
    const over = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      over.reject(Object.assign(new Error('the time is over'), { code: 'ETIMEDOUT' }));
      limit.abort();
    }, limitMs);
    try {
      await Promise.race([work(transport, limit.signal), over.promise]);
    } catch (error) {
      throw smtpError(error, `${host}:${port}`);
    } finally {
      clearTimeout(timer);
      transport.close();
    }
  };
  return {
    name: 'mail',
    recipients: (notice) => withAddress(notice, addressOf),
    async send(notice, person, id) {
      const to = addressOf(person);
      if (to === undefined) return;
      const mail = mailOf(notice, { id, from, to });
      await using((transport, signal) => transport.sendMail({ ...mail, envelope: { from, to: [to] }, signal }));
    },
    check: () => using((transport) => transport.verify()),
  };
}

/** What a person can do about the codes of nodemailer. The server's words may quote the login, so they are left out. */
const byCode: Record<string, { name: 'SecretMissing' | 'ServiceRefused'; remedy: string }> = {
  EAUTH: { name: 'ServiceRefused', remedy: 'Correct notify.email.smtp.user, or the password in its variable.' },
  ETLS: { name: 'ServiceRefused', remedy: 'Correct notify.email.smtp.security, or the certificate of the server.' },
  EENVELOPE: {
    name: 'ServiceRefused',
    remedy: 'Correct notify.email.from, or the address of the person in the policy.',
  },
};

function smtpError(error: unknown, server: string): Error {
  if (error instanceof DrydockError || !(error instanceof Error)) return error as Error;
  const { code = 'ECONNECTION', responseCode } = error as Error & { code?: string; responseCode?: number };
  const certificate = /CERT|SELF_SIGNED|ALTNAME|UNABLE_TO/.test(code) || /certificate|self.signed/i.test(error.message);
  const known = certificate ? byCode.ETLS : byCode[code];
  const said = responseCode === undefined ? code : `${code}, ${responseCode}`;
  // 4yz asks to try again later.
  const temporary = responseCode !== undefined && responseCode < 500;
  if (known && !temporary)
    return new DrydockError(
      known.name,
      `The mail server ${server} refused the message: ${certificate ? 'its certificate is not valid' : said}.`,
      {
        remedy: known.remedy,
      },
    );
  if (responseCode !== undefined && !temporary)
    return new DrydockError('ServiceRefused', `The mail server ${server} refused the message: ${said}.`, {
      remedy: 'Ask whoever runs the mail server why it refuses the message.',
    });
  return new DrydockError(
    'Conflict',
    responseCode === undefined
      ? `The mail server ${server} cannot be reached: ${said}.`
      : `The mail server ${server} takes no message now: ${said}.`,
    { remedy: `Check that ${server} is reachable from here, and takes mail. A message that waits is tried again.` },
  );
}
