import { type SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import MailComposer from 'nodemailer/lib/mail-composer';
import { DrydockError } from '../../core/errors.ts';
import { withAddress } from '../../core/notification/recipients.ts';
import type { Channel } from '../../core/ports/runtime/notifier.ts';
import { awsError } from '../aws/errors.ts';
import { type MailConfig, type MailFields, mailOf } from './mime.ts';

/**
 * Mail by SES, one message per person: recipients do not see each other, and one invalid address does not affect the
 * others. SES has no idempotency key: if its response is lost, the SDK sends the message again, so people may receive it
 * twice, with the same Message-ID, but never miss it.
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
            Content: { Raw: { Data: await rawOf(mailOf(notice, { id, from, to })) } },
          }),
        );
      } catch (error) {
        const named = awsError(error);
        if (named?.name !== 'ServiceRefused') throw named ?? error;
        throw new DrydockError('ServiceRefused', `SES refused to send from ${from}: ${named.message}`, {
          remedy: `Verify ${from} or its domain in SES, request production access, and allow ses:SendRawEmail for it.`,
        });
      }
    },
  };
}

const rawOf = (mail: MailFields): Promise<Buffer> => new MailComposer(mail).compile().build();
