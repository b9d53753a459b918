/** What outside texts, other hosts and people try through messages, each with what it got. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createSmtpChannel } from '../../../adapters/email/smtp.ts';
import { createWebhookChannel } from '../../../adapters/webhook/outgoing.ts';
import { cardOf } from '../../../core/notification/card.ts';
import { messageId } from '../../../core/notification/message-id.ts';
import type { Notice } from '../../../core/notification/notice.ts';
import { notifyPolicy } from '../../../core/notification/policy-schema.ts';
import { quietHours } from '../../../core/notification/quiet.ts';
import { githubComment } from '../../../core/notification/render/github.ts';
import { mailHtml } from '../../../core/notification/render/mail-html.ts';
import { slackMessage } from '../../../core/notification/render/slack.ts';
import { textOf } from '../../../core/notification/render/text.ts';
import { signatureOf } from '../../../core/notification/signature.ts';
import { announce } from '../../../pipeline/notices/announce.ts';
import { type HttpKit, startHttp } from '../../support/http-kit.ts';
import { headerOf } from '../../support/mime.ts';
import { noticeWorld } from '../../support/notice-world.ts';
import { sampleNotice } from '../../support/notices.ts';
import { type SmtpKit, startSmtp } from '../../support/smtp.ts';
import { startBrowser } from '../pages/site.ts';

let smtp: SmtpKit;
let http: HttpKit;
let browser: Browser;
beforeAll(async () => {
  [smtp, http, browser] = await Promise.all([startSmtp(), startHttp(), startBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await smtp.close();
  await http.close();
});
afterEach(() => {
  smtp.received.length = 0;
  http.received.length = 0;
  http.answers.length = 0;
});

const runOf = (letter: string): string => `r-${letter.repeat(40)}`;

/** A notice in which every text from outside is this one. */
function filled(text: string): Notice {
  const { run, gate } = sampleNotice('question');
  return sampleNotice('question', {
    ...(run ? { run: { ...run, title: text, asked: text, taskId: 'T-1' } } : {}),
    ...(gate ? { gate: { ...gate, title: text, options: [{ label: text, suggested: true }], why: text } } : {}),
    facts: {
      context: text,
      first: [text],
      plan: { phases: 1, checkpoints: 0, touches: [text], breaking: [text], risks: [text] },
      change: { files: 1, unplanned: [text] },
      tests: { ok: false, total: 2, failed: 1, failing: [text], base: 1 },
    },
  });
}
const mailed = async (notice: Notice, addressOf = (person: string): string | undefined => `${person}@example.com`) => {
  const channel = createSmtpChannel({
    from: 'drydock@example.com',
    addressOf,
    server: { host: '127.0.0.1', port: smtp.port, security: 'none', password_env: 'X' },
    password: async () => '',
  });
  await channel.send({ ...notice, to: ['lead'] }, 'lead', 'a'.repeat(32));
  const [mail] = smtp.received;
  if (!mail) throw new Error('nothing arrived');
  return mail;
};

describe('a header is not injected by', () => {
  test.each([
    ['a line end in a title', 'x\r\nBcc: evil@example.com'],
    ['a bare line feed', 'x\nBcc: evil@example.com\n\nbody'],
    ['a line separator', 'x\u2028Bcc: evil@example.com'],
    ['an encoded word', '=?utf-8?q?x=0D=0ABcc:_evil@example.com?='],
    ['a null', 'x\0\r\nBcc: evil@example.com'],
    ['a very long title', `${'x'.repeat(2_000)}\r\nBcc: evil@example.com`],
  ])('%s', async (_, text) => {
    const mail = await mailed(filled(text));
    expect(headerOf(mail.raw, 'Bcc')).toBeUndefined();
    expect(mail.to).toEqual(['lead@example.com']);
    expect(mail.subject).toMatch(/^\[acme\/shop\] Question: /);
    expect(mail.subject.length).toBeLessThanOrEqual(200);
  });

  test.each([
    ['two addresses', 'lead@example.com, evil@example.com'],
    ['a line end in an address', 'lead@example.com>\r\nRCPT TO:<evil@example.com'],
    ['a group', 'x: lead@example.com, evil@example.com;'],
  ])('%s', async (_, address) => {
    await expect(mailed(sampleNotice('plan'), () => address)).rejects.toMatchObject({ name: 'ServiceRefused' });
    expect(smtp.received).toEqual([]);
  });
});

const html = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '</td></tr></table><form action=https://evil.example><input name=p>',
  '<a href="https://evil.example">Read the plan and decide</a>',
  '&lt;script&gt;',
  '<!-- -->',
  '<style>*{display:none}</style>',
];
describe('HTML is not injected into a mail by', () => {
  test.each(html)('%s', async (text) => {
    const page = await browser.newPage();
    try {
      const asked: string[] = [];
      await page.route('**', (route) => {
        asked.push(route.request().url());
        return route.abort();
      });
      await page.setContent(mailHtml(cardOf(filled(text))));
      const found = await page.evaluate(
        `[document.querySelectorAll('script, img, form, input, iframe, svg').length, [...document.querySelectorAll('a')].map((a) => a.href), document.querySelectorAll('style').length]`,
      );
      expect(found).toEqual([0, [sampleNotice('question').link], 1]);
      expect(asked).toEqual([]);
      // What it says is text that a person can read.
      expect((await page.evaluate('document.body.innerText')) as string).toContain(text.slice(0, 10));
    } finally {
      await page.close();
    }
  });
});

describe('a link is not forged by', () => {
  test.each([
    ['a script', 'javascript:alert(1)'],
    ['a file', 'file:///etc/passwd'],
    ['data', 'data:text/html,<script>alert(1)</script>'],
    ['a user in it', 'https://drydock.example@evil.example/gates/1'],
    ['nothing of a URL', 'gates/1'],
  ])('%s', (_, link) => {
    const { gate } = sampleNotice('plan');
    const card = cardOf(sampleNotice('plan', { link, ...(gate ? { gate: { ...gate, link } } : {}) }));
    expect(card.button).toBeUndefined();
    expect(mailHtml(card)).not.toContain('<a ');
    expect(JSON.stringify(slackMessage(card, []))).not.toContain('"url"');
  });

  test('a name or an address in a text, which mail programs make links of', () => {
    const said = mailHtml(
      cardOf(filled('sign in at https://evil.example or www.evil.example or mail evil@evil.example')),
    );
    const body = said.slice(said.indexOf('<body'));
    expect(body).toContain('evil.&#8288;example');
    for (const link of ['evil.example', '://evil', '@evil']) expect(body).not.toContain(link);
  });

  test('characters of Markdown in the URL of a comment', () => {
    const card = cardOf(sampleNotice('plan', { link: 'https://drydock.example/gates/1)[click](https://evil.example' }));
    expect(githubComment(card, [])).not.toContain(')[click](');
  });
});

describe('Slack and GitHub are not commanded by', () => {
  test.each([
    '<!channel>',
    '<!here|x>',
    '<@U012LEAD>',
    '<https://evil.example|Approve>',
    '<#C012>',
    '<!subteam^S1>',
  ])('%s in Slack', (text) => {
    const { blocks } = slackMessage(cardOf(filled(text)), []);
    expect(JSON.stringify(blocks)).not.toMatch(/<[!@#h]/);
    expect(JSON.stringify(blocks)).not.toContain('mrkdwn');
  });

  test.each([
    '/approve',
    '/drydock approve',
    '@dependabot merge',
    '```\n/approve',
    '</details>\n/approve',
    '│\r/approve',
  ])('%j in a comment', (text) => {
    const body = githubComment(cardOf(filled(text)), ['/drydock approve'], text);
    for (const line of body.split(/[\r\n\u2028\u2029]/)) expect(line).not.toMatch(/^\s*(?:\/|@)/);
  });
});

describe('a text is not more than it shows, with', () => {
  test.each([
    ['the order of its letters turned', 'approve \u202e)evorppa ton od('],
    ['blanks that nobody sees', 'a\u200bpp\u2060rove\ufeff'],
    ['an escape sequence of a terminal', '\u001b[2J\u001b]0;owned\u0007'],
    ['a tag of invisible letters', `ok${String.fromCodePoint(0xe0041, 0xe0050)}`],
  ])('%s', (_, text) => {
    const card = cardOf(filled(text));
    const said = [
      textOf(card),
      mailHtml(card).replaceAll(/&#\d+;/g, ''),
      JSON.stringify(slackMessage(card, [])),
      card.subject,
    ];
    for (const each of said) expect(each).not.toMatch(/[\p{Cf}]|(?![\t\n])\p{Cc}/u);
    expect(said[0]).toContain('⟨U+');
  });

  test('a megabyte of it, or ten thousand items', () => {
    const big = filled('x'.repeat(1_000_000));
    const many = sampleNotice('stuck', {
      facts: { tests: { ok: false, total: 1, failed: 1, failing: Array(10_000).fill('t'), base: 1 } },
    });
    for (const notice of [big, many]) {
      const card = cardOf(notice);
      expect(JSON.stringify(notice).length).toBeLessThan(40_000);
      expect(mailHtml(card).length).toBeLessThan(60_000);
      const { blocks } = slackMessage(card, []);
      expect(blocks.length).toBeLessThanOrEqual(50);
    }
  });

  test.each([
    ['a key of AWS', `AKIA${'Q3EGRIN6YUNNJ7AB'}`],
    ['a token of GitHub', `ghp_${'a1B2'.repeat(9)}`],
    ['a private key', `-----BEGIN PRIVATE KEY-----\n${'A'.repeat(64)}\n-----END PRIVATE KEY-----`],
  ])('%s in it', (_, secret) => {
    const notice = filled(`the log said ${secret}`);
    expect(JSON.stringify(notice)).not.toContain(secret.slice(0, 24));
    expect(JSON.stringify(notice)).toContain('[redacted]');
  });
});

describe('a mail server holds no sender by', () => {
  const endless = (socket: Socket, bytes: string): void => {
    const timer = setInterval(() => socket.write(bytes), 20);
    socket.once('close', () => clearInterval(timer));
  };
  /** Greets, and answers what comes so. */
  const then = (answer: (socket: Socket, line: string) => void) => (socket: Socket) => {
    socket.write('220 mail\r\n');
    socket.on('data', (line: Buffer) => answer(socket, line.toString()));
  };
  test.each<[string, (socket: Socket) => void, 'none' | 'starttls', RegExp]>([
    ['silence', () => undefined, 'none', /ETIMEDOUT/],
    ['a greeting without an end', (socket) => endless(socket, '220-x\r\n'), 'none', /ETIMEDOUT/],
    [
      'a line of 10 MB',
      (socket) => socket.write('x'.repeat(10_000_000)),
      'none',
      /did not take|refused|ETIMEDOUT|EPROTOCOL/,
    ],
    ['an answer without an end, a little at a time', then((socket) => endless(socket, '250-x\r\n')), 'none', /ETIMED/],
    [
      'an answer to the sign-in without an end, a little at a time',
      then((socket, line) =>
        line.startsWith('EHLO') ? socket.write('250-mail\r\n250 AUTH PLAIN\r\n') : endless(socket, '250-x\r\n'),
      ),
      'none',
      /ETIMEDOUT/,
    ],
    [
      'no STARTTLS where it is asked for',
      then((socket, line) =>
        socket.write(line.startsWith('EHLO') ? '250-mail\r\n250 AUTH PLAIN\r\n' : '500 unknown\r\n'),
      ),
      'starttls',
      /ETLS/,
    ],
  ])('%s', async (_, serve, security, said) => {
    const got: string[] = [];
    const open = new Set<Socket>();
    const server = createServer((socket) => {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', (line: Buffer) => got.push(line.toString()));
      socket.once('close', () => open.delete(socket));
      serve(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const channel = createSmtpChannel({
        ...{ from: 'drydock@example.com', addressOf: () => 'lead@example.com', password: async () => 'pa55word' },
        server: { host: '127.0.0.1', port, security, user: 'drydock', password_env: 'X' },
        limitMs: 500,
      });
      const sent = channel.send(sampleNotice('plan'), 'lead', 'a'.repeat(32));
      await expect(sent).rejects.toMatchObject({ message: expect.stringMatching(said) });
      const checked = channel.check();
      await expect(checked).rejects.toMatchObject({ message: expect.stringMatching(said) });
      if (security === 'starttls')
        expect(got.join('')).not.toContain(Buffer.from('\0drydock\0pa55word').toString('base64'));
      expect(`${await sent.catch(String)}`).not.toContain('pa55word');
    } finally {
      for (const socket of open) socket.destroy();
      server.close();
    }
  });
});

describe('the webhook does not reach', () => {
  const call = (url: string, more: object = {}) =>
    createWebhookChannel({
      ...{
        url,
        secret_env: 'HOOK',
        private_hosts: [],
        loopback: true,
        now: () => 0,
        secret: async () => 's'.repeat(40),
      },
      resolve: async () => ['10.0.0.5'],
      ...more,
    })
      .send(sampleNotice('plan'), 'all', 'a'.repeat(32))
      .then(
        () => 'sent',
        (error: Error) => `${error.name}: ${error.message}`,
      );
  test.each([
    ['a private address', 'https://hooks.example/x', ['10.0.0.5']],
    ['the metadata of a cloud', 'https://hooks.example/x', ['169.254.169.254']],
    ['this machine by a name', 'https://hooks.example/x', ['127.0.0.1']],
    ['this machine by IPv6', 'https://hooks.example/x', ['::1']],
    ['a private address among public ones', 'https://hooks.example/x', ['93.184.216.34', '192.168.0.1']],
    ['a private address that looks like IPv6', 'https://hooks.example/x', ['::ffff:10.0.0.5']],
  ])('%s', async (_, url, addresses) => {
    expect(await call(url, { resolve: async () => addresses })).toMatch(/^ServiceRefused: .*private address/);
  });

  test('an address by a redirect', async () => {
    http.answers.push({ status: 302, headers: { location: `${http.url}/stolen` } });
    expect(await call(`${http.url}/hook`)).toMatch(/^ServiceRefused: .*302/);
    expect(http.received.map(({ path }) => path)).toEqual(['/hook']);
  });

  test('plain HTTP, a password in a URL, or another scheme', () => {
    for (const url of [
      'http://hooks.example/',
      'https://u:p@hooks.example/',
      'ftp://hooks.example/',
      'file:///etc/passwd',
      'x',
    ])
      expect([url, notifyPolicy.safeParse({ webhook: { url } }).success]).toEqual([url, false]);
  });

  test('with a secret that can be guessed', async () => {
    expect(await call(`${http.url}/hook`, { secret: async () => 'short' })).toMatch(/^SecretMissing/);
    expect(http.received).toEqual([]);
  });

  test('the end of an answer that does not end', async () => {
    const chunk = Buffer.alloc(64 * 1024);
    http.answers.push({ status: 200, body: Array(200).fill(chunk) });
    expect(await call(`${http.url}/hook`)).toBe('sent');
  });

  test('where the policy names the host, it does', async () => {
    expect(
      await call('https://hooks.internal.example/x', {
        private_hosts: ['hooks.internal.example'],
        resolve: async () => ['127.0.0.1'],
      }),
    ).toMatch(/^Conflict: .*did not answer/);
  });
});

describe('a receiver that checks as docs/messages.md says refuses', () => {
  const secret = 'k'.repeat(40);
  const guide = readFileSync(resolve(import.meta.dirname, '../../../docs/messages.md'), 'utf8');
  const example = /```js\n(\/\/ verify\n[\s\S]*?)```/.exec(guide)?.[1] ?? '';
  const verify = new Function(
    'createHmac',
    'timingSafeEqual',
    `${example.replace(/^import .*$/gm, '')}; return verify;`,
  )(createHmac, timingSafeEqual) as (secret: string, header: string, body: string, now: number) => boolean;
  const now = 1_790_000_000;
  const body = '{"version":1}';
  const good = signatureOf(secret, body, now);
  test.each([
    ['nothing that is signed', good, body, now, true],
    ['another body', good, `${body} `, now, false],
    ['another time', good.replace(String(now), String(now + 1)), body, now, false],
    ['a message of ten minutes ago', good, body, now + 600, false],
    ['another secret', signatureOf('other'.repeat(10), body, now), body, now, false],
    ['no signature', '', body, now, false],
    ['a part of one', good.slice(0, -2), body, now, false],
  ])('%s', (_, header, given, at, taken) => {
    expect(verify(secret, header, given, at)).toBe(taken);
  });
});

describe('people are not kept from a message by', () => {
  test('the key of another run: no text that somebody writes is a part of it', async () => {
    const [one, other] = await Promise.all(
      [runOf('a'), runOf('b')].map(async (runId) => {
        const gate = { runId, gateId: `${runId}.plan.1` };
        const world = await noticeWorld({ run: { runId, title: 'gate#same' }, gate: { ...gate, title: 'gate#same' } });
        await announce(world.deps, world.messages, { about: 'gate', ...gate });
        return world.said[0];
      }),
    );
    expect(one?.key).not.toBe(other?.key);
    const ids = [
      ['k', 'mail', 'x'],
      ['k', 'mailx', ''],
      ['k,mail', 'x', ''],
      ['k"', '"mail', 'x'],
    ].map(([key = '', channel = '', to = '']) => messageId({ ...sampleNotice('plan'), key }, channel, to));
    expect(new Set(ids).size).toBe(ids.length);
  });

  test.each([
    ['quiet hours of a whole day', { from: '00:00', to: '23:59' }],
    ['quiet hours without an end', { from: '08:00', to: '08:00' }],
    ['a time zone that does not exist', { from: '22:00', to: '07:00', timezone: '../../etc' }],
  ])('%s', (_, quiet) => {
    expect(quietHours.safeParse(quiet).success).toBe(false);
  });
});
