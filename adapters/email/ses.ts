import { type SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import { DrydockError } from '../../core/errors.ts';
import { bodyOf, linkGrantsNothing, subjectOf } from '../../core/notification/message.ts';
import type { Notifier } from '../../core/ports/runtime/notifier.ts';
import type { SentMessages } from '../aws/dynamo/sent-messages.ts';
import { awsError } from '../aws/errors.ts';

const textCharacters = 20_000;

interface MailConfig {
  /** An address or domain that SES has verified. */
  from: string;
  /** Address of a person id; undefined for one without. */
  addressOf(person: string): string | undefined;
}

/**
 * Tells people by mail, each by a message of their own: nobody sees who else was sent, and one bad address keeps nothing
 * from the others. SES has no key for a message: where its answer is lost, the SDK sends it again, and people hear it
 * twice rather than never.
 */
export function createSesNotifier(client: SESv2Client, sent: SentMessages, config: MailConfig): Notifier {
  const send = async (to: string, subject: string, text: string): Promise<void> => {
    try {
      await client.send(
        new SendEmailCommand({
          FromEmailAddress: config.from,
          Destination: { ToAddresses: [to] },
          Content: {
            Simple: {
              Subject: { Data: subject, Charset: 'UTF-8' },
              Body: { Text: { Data: text, Charset: 'UTF-8' } },
              // So that no absence note comes back.
              Headers: [{ Name: 'Auto-Submitted', Value: 'auto-generated' }],
            },
          },
        }),
      );
    } catch (error) {
      const named = awsError(error);
      if (named?.name !== 'ServiceRefused') throw named ?? error;
      throw new DrydockError('ServiceRefused', `SES does not send from ${config.from}: ${named.message}`, {
        remedy: `Verify ${config.from} or its domain in SES, leave its sandbox, and allow ses:SendEmail for it.`,
      });
    }
  };
  return {
    async notify(message) {
      const text = [
        bodyOf(message, textCharacters),
        ...(message.link === undefined ? [] : [message.link, linkGrantsNothing]),
      ].join('\n\n');
      const addresses = new Set(message.to.flatMap((person) => config.addressOf(person) ?? []));
      const sends = await Promise.allSettled(
        [...addresses].map((to) =>
          sent.once(`mail#${to.toLowerCase()}#${message.key}`, () => send(to, subjectOf(message), text)),
        ),
      );
      const failed = sends.find((each) => each.status === 'rejected');
      if (failed) throw failed.reason;
    },
  };
}
