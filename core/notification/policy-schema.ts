import { z } from 'zod';
import { isLoopback } from '../models/local-host.ts';
import * as field from '../task-spec/fields.ts';
import { noticeKinds } from './notice.ts';
import { digestTime, quietHours } from './quiet.ts';

/** Name of a variable that holds a secret; `NAME_FILE` may name a file that does. */
const variable = z.string().regex(/^[A-Z][A-Z0-9_]{0,99}$/, 'Write the name of a variable such as SMTP_PASSWORD.');

/** A server of mail. The password is never in the policy. */
const smtp = z
  .strictObject({
    host: z.union([field.host, z.literal(['localhost', '127.0.0.1', '::1'])]),
    port: z.int().min(1).max(65_535).default(587),
    security: z
      .enum(['starttls', 'tls', 'none'])
      .default('starttls')
      .describe('`tls`: from the first byte, usually on port 465; `none`: a server on this machine only.'),
    user: z.string().min(1).max(300).optional(),
    password_env: variable.default('DRYDOCK_SMTP_PASSWORD').describe('Variable with the password of `user`.'),
  })
  .check(({ value, issues }) => {
    if (value.security !== 'none' || ['localhost', '127.0.0.1', '::1'].includes(value.host)) return;
    const message = 'Without TLS everybody on the way reads the mail; use starttls or tls.';
    issues.push({ code: 'custom', message, path: ['security'], input: value.security });
  });
export type SmtpServer = z.infer<typeof smtp>;

const webhookUrl = field.refused(z.string().max(2_000), (text) => {
  const url = URL.parse(text);
  if (!url) return 'Write a URL such as https://hooks.acme.example/drydock.';
  if (url.username !== '' || url.password !== '')
    return 'A URL may not contain a password; the receiver checks the signature.';
  if (url.hash !== '') return 'Write the URL without a fragment.';
  if (url.protocol === 'http:' && isLoopback(url.hostname)) return undefined;
  return url.protocol === 'https:' ? undefined : 'Use https://; http:// is for this machine only.';
});

const webhook = z.strictObject({
  url: webhookUrl,
  secret_env: variable
    .default('DRYDOCK_WEBHOOK_SECRET')
    .describe('Variable with the secret that signs the bodies, at least 32 characters.'),
  private_hosts: z
    .array(z.string().min(1).max(253))
    .max(20)
    .default([])
    .describe('Hosts that may have a private address; others are refused.'),
});
export type WebhookTarget = z.infer<typeof webhook>;

/** How people are told outside the pages. */
export const notifyPolicy = z.strictObject({
  slack: z
    .strictObject({
      channel: z
        .unknown()
        .optional()
        .describe('Has no effect: an incoming webhook writes to the channel it was created for.'),
      webhook_env: variable
        .default('DRYDOCK_SLACK_WEBHOOK')
        .describe('On one machine: variable with the URL of the incoming webhook.'),
    })
    .optional(),
  email: z
    .strictObject({
      from: z.email(),
      smtp: smtp.optional().describe('On one machine; a deployment on AWS sends by SES.'),
    })
    .optional(),
  webhook: webhook.optional().describe('Each message as signed JSON to a service of your own.'),
  remind_hours_before: z
    .array(z.number().positive().max(168))
    .max(5)
    .default([24])
    .describe('Hours before an open gate expires at which people are reminded.'),
  urgent: z.array(z.enum(noticeKinds)).default([]).describe('Kinds of messages that are sent in quiet hours too.'),
  digest: digestTime.optional().describe('A summary for the approvers; none if left out.'),
});

/** What a person has for messages. */
export const quietOf = quietHours
  .optional()
  .describe('Hours in which messages to this person wait, but never beyond the expiry of what they are about.');
