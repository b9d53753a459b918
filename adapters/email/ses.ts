import { type SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import { DrydockError } from '../../core/errors.ts';
import { withAddress } from '../../core/notification/recipients.ts';
import type { Channel } from '../../core/ports/runtime/notifier.ts';
import { awsError } from '../aws/errors.ts';
import { type MailConfig, mailOf } from './mime.ts';

/**
 * Mail by SES, one message per person: recipients do not see each other, and one invalid address does not affect the
 * others. SES has no idempotency key: if its response is lost, the SDK sends the message again, so people may receive it
 * twice, with the same X-Drydock-Id, but never miss it.
 */
export function createSesChannel(client: SESv2Client, { from, addressOf }: MailConfig): Channel {
  return {
    name: 'mail',
    recipients: (notice) => withAddress(notice, addressOf),
    async send(notice, person, id) {
      const to = addressOf(person);
      // The policy has no address any more.
      if (to === undefined) return;
      try {
        await client.send(
          new SendEmailCommand({
            FromEmailAddress: from,
            Destination: { ToAddresses: [to] },
            Content: { Simple: simple(mailOf(notice, { id, from, to })) },
          }),
        );
      } catch (error) {
        const named = awsError(error);
        if (named?.name !== 'ServiceRefused') throw named ?? error;
        throw new DrydockError('ServiceRefused', `SES refused to send from ${from}: ${named.message}`, {
          remedy: `Verify ${from} or its domain in SES, request production access, and allow ses:SendEmail for it.`,
        });
      }
    },
  };
}

const utf8 = (Data: string) => ({ Data, Charset: 'UTF-8' });

/** SES gives each message a Message-ID of its own, whatever it gets; our id stands in a header. */
const simple = ({ subject, text, html, messageId, references, headers }: ReturnType<typeof mailOf>) => ({
  Subject: utf8(subject),
  Body: { Text: utf8(text), Html: utf8(html) },
  Headers: Object.entries({ ...headers, References: references, 'X-Drydock-Id': messageId }).map(([Name, Value]) => ({
    Name,
    Value,
  })),
});
