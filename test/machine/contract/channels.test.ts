/** Every channel to people keeps the same contract, each with a server that speaks as the real one does. */
import { generateKeyPairSync } from 'node:crypto';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createSesChannel } from '../../../adapters/email/ses.ts';
import { createSmtpChannel } from '../../../adapters/email/smtp.ts';
import { createSlackChannel } from '../../../adapters/slack/incoming-webhook.ts';
import { createWebhookChannel } from '../../../adapters/webhook/outgoing.ts';
import type { SmtpServer } from '../../../core/notification/policy-schema.ts';
import type { Channel } from '../../../core/ports/runtime/notifier.ts';
import { certificateOf } from '../../../gateway/authority/certificate.ts';
import { on } from '../../support/aws/faults.ts';
import { mail } from '../../support/aws/mail.ts';
import { type HttpKit, startHttp } from '../../support/http-kit.ts';
import { headerOf, partsOf } from '../../support/mime.ts';
import { sampleNotice } from '../../support/notices.ts';
import { type SmtpKit, startSmtp } from '../../support/smtp.ts';
import { awsForTests, sdkTries } from './aws-fixture.ts';

const from = 'drydock@example.com';
const password = 'a-very-secret-password-of-the-mail-server';
const secret = 'a-very-secret-secret-of-the-webhook-receiver';
const addressOf = (person: string): string | undefined => (person === 'mute' ? undefined : `${person}@example.com`);
const notice = sampleNotice('plan', { to: ['anna', 'mute', 'ben'] });
const id = 'f'.repeat(32);

const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const server = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const signer = { ...authority, name: { commonName: 'Drydock test', organization: 'Drydock' } };
const ca = certificateOf(authority.publicKey, undefined, signer);
const tls = {
  cert: certificateOf(server.publicKey, 'localhost', signer),
  key: server.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
};

let smtp: SmtpKit;
let http: HttpKit;
const post = mail(from);
const aws = awsForTests(() => post.operations);
beforeAll(async () => {
  smtp = await startSmtp({ tls, login: { user: 'drydock', password } });
  http = await startHttp();
});
afterAll(async () => {
  await smtp.close();
  await http.close();
});
beforeEach(() => {
  smtp.received.length = 0;
  http.received.length = 0;
  post.sent.length = 0;
});

const smtpServer = (more: Partial<SmtpServer> = {}): SmtpServer => ({
  ...{ host: 'localhost', port: smtp.port, security: 'starttls', user: 'drydock', password_env: 'SMTP_PASSWORD' },
  ...more,
});
const smtpChannel = (more: Partial<SmtpServer> = {}, trust: string | undefined = ca, secretOf = password) =>
  createSmtpChannel({
    from,
    addressOf,
    server: smtpServer(more),
    password: async () => secretOf,
    ...(trust ? { ca: trust } : {}),
  });

interface Subject {
  channel(): Channel;
  recipients: string[];
  /** What arrived: the id by which a receiver knows a repeated message, and the text. */
  arrived(): { id: string | undefined; text: string }[];
  temporary(): void;
  permanent(): void;
  lost(): void;
}
const subjects: Record<string, Subject> = {
  SMTP: {
    channel: () => smtpChannel(),
    recipients: ['anna', 'ben'],
    arrived: () => smtp.received.map((each) => ({ id: each.id, text: `${each.subject}\n${each.text}` })),
    temporary: () => void smtp.answers.push({ code: 451, says: 'try again later' }),
    permanent: () => void smtp.answers.push({ code: 550, says: 'no such mailbox' }),
    lost: () => void smtp.answers.push({ code: 0, says: '' }),
  },
  SES: {
    channel: () => createSesChannel(new SESv2Client({ maxAttempts: sdkTries }), { from, addressOf }),
    recipients: ['anna', 'ben'],
    arrived: () =>
      post.sent.map(({ headers, subject, text }) => ({ id: headers['X-Drydock-Id'], text: `${subject}\n${text}` })),
    temporary: () => void aws().faults.push({ match: on('ses:SendEmail'), do: 'broken', times: sdkTries }),
    permanent: () => void aws().faults.push({ match: on('ses:SendEmail'), do: 'denied' }),
    lost: () => void aws().faults.push({ match: on('ses:SendEmail'), do: 'lost' }),
  },
  Slack: {
    channel: () =>
      createSlackChannel({ webhookUrl: async () => `${http.url}/services/${secret}`, memberOf: () => undefined }),
    recipients: ['all'],
    // A webhook of Slack has no id by which a repeated message is known.
    arrived: () => http.received.filter(({ taken }) => taken).map(({ body }) => ({ id: 'none', text: body })),
    temporary: () => void http.answers.push({ status: 503 }),
    permanent: () => void http.answers.push({ status: 404 }),
    lost: () => void http.answers.push({ status: 0 }),
  },
  webhook: {
    channel: () =>
      createWebhookChannel({
        ...{ url: `${http.url}/hook`, secret_env: 'HOOK', private_hosts: [], loopback: true },
        now: () => Date.parse(notice.at),
        secret: async () => secret,
      }),
    recipients: ['all'],
    arrived: () =>
      http.received
        .filter(({ taken }) => taken)
        .map(({ headers, body }) => ({ id: String(headers['drydock-id']), text: body })),
    temporary: () => void http.answers.push({ status: 500 }),
    permanent: () => void http.answers.push({ status: 410 }),
    lost: () => void http.answers.push({ status: 0 }),
  },
};

describe.each(Object.entries(subjects))('R24 %s', (_name, subject) => {
  const attempt = (): Promise<unknown> =>
    subject
      .channel()
      .send(notice, subject.recipients[0] ?? '', id)
      .then(
        () => undefined,
        (error: unknown) => error,
      );
  const shown = (error: unknown): string =>
    JSON.stringify([error, (error as Error).message, (error as Error).cause, (error as Error).stack]);

  test('reaches the people that have an address there, with what they have to know', async () => {
    const channel = subject.channel();
    expect(channel.recipients(notice)).toEqual(subject.recipients);
    for (const to of subject.recipients) await channel.send(notice, to, id);
    expect(subject.arrived()).toHaveLength(subject.recipients.length);
    for (const { text } of subject.arrived())
      for (const word of ['Plan to approve', notice.run?.title, notice.run?.taskId, '$0.58', notice.link])
        expect(text).toContain(word);
  });

  test('a temporary refusal is tried again, a permanent one is not, and both say what to do without a secret', async () => {
    subject.temporary();
    const temporary = await attempt();
    expect(temporary).toMatchObject({ name: 'Conflict', retry: 'transient' });
    subject.permanent();
    const permanent = await attempt();
    expect(permanent).toMatchObject({ name: 'ServiceRefused', retry: 'never', remedy: expect.stringMatching(/\w{4}/) });
    expect(shown(temporary) + shown(permanent)).not.toMatch(/very-secret/);
    expect(subject.arrived()).toEqual([]);
  });

  test('a message whose answer was lost is known as the same one when it comes again', async () => {
    subject.lost();
    const first = await attempt();
    if (first !== undefined) {
      expect(first).toMatchObject({ retry: 'transient' });
      expect(await attempt()).toBeUndefined();
    }
    expect(subject.arrived()).toHaveLength(2);
    expect(new Set(subject.arrived().map((each) => each.id)).size).toBe(1);
  });
});

describe('mail', () => {
  const received = async () => {
    await smtpChannel().send(notice, 'anna', id);
    const [mailed] = smtp.received;
    if (!mailed) throw new Error('nothing arrived');
    return mailed;
  };

  test('has two parts of the same facts, one thread per run, and the marks of an automatic message of a list', async () => {
    const mailed = await received();
    expect(mailed).toMatchObject({ from, to: ['anna@example.com'], id: `<${id}@example.com>` });
    expect(headerOf(mailed.raw, 'Content-Type')).toContain('multipart/alternative');
    expect(headerOf(mailed.raw, 'List-Id')).toBe('Drydock <drydock.example.com>');
    expect(headerOf(mailed.raw, 'Auto-Submitted')).toBe('auto-generated');
    const thread = headerOf(mailed.raw, 'References');
    await smtpChannel().send(sampleNotice('review'), 'anna', 'e'.repeat(32));
    await smtpChannel().send(sampleNotice('budget'), 'anna', 'd'.repeat(32));
    expect(smtp.received.map(({ raw }) => headerOf(raw, 'References') === thread)).toEqual([true, true, false]);
    expect(partsOf(mailed.raw).html).toContain('Read the plan and decide');
  });

  test('SMTP signs in, over TLS only, with a certificate that is verified', async () => {
    await smtpChannel().check();
    expect(smtp.signIns.at(-1)).toBe('drydock');
    const before = smtp.signIns.length;
    const of = (channel: { check(): Promise<void> }) => channel.check().catch((error: unknown) => error);
    // A certificate of somebody else; a server that has no TLS; a wrong password.
    expect(await of(smtpChannel({}, 'none'))).toMatchObject({
      name: 'ServiceRefused',
      message: expect.stringContaining('certificate'),
    });
    const plain = await startSmtp({ login: { user: 'drydock', password } });
    expect(await of(smtpChannel({ port: plain.port }))).toMatchObject({
      name: 'ServiceRefused',
      remedy: expect.stringContaining('security'),
    });
    expect(plain.signIns).toEqual([]);
    await plain.close();
    expect(smtp.signIns).toHaveLength(before);
    const wrong = await of(smtpChannel({}, ca, 'another-very-secret'));
    expect(wrong).toMatchObject({ name: 'ServiceRefused', remedy: expect.stringContaining('password') });
    expect(JSON.stringify([wrong, (wrong as Error).message])).not.toMatch(/very-secret/);
  });

  test('a server that is away is named, and the message is tried again', async () => {
    const gone = await startSmtp();
    await gone.close();
    await expect(smtpChannel({ port: gone.port }).send(notice, 'anna', id)).rejects.toMatchObject({
      name: 'Conflict',
      message: expect.stringContaining(`localhost:${gone.port}`),
    });
  });
});
