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
  /** Email address of a person id; `undefined` if the person has none. */
  addressOf(person: string): string | undefined;
}

/**
 * Sends notifications by mail, one message per person: recipients do not see each other, and one invalid address does
 * not affect the others. SES has no idempotency key: if its response is lost, the SDK sends the message again, so
 * people may receive it twice but never miss it.
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
              // Suppresses automatic replies such as absence notes.
              Headers: [{ Name: 'Auto-Submitted', Value: 'auto-generated' }],
            },
          },
        }),
      );
    } catch (error) {
      const named = awsError(error);
      if (named?.name !== 'ServiceRefused') throw named ?? error;
      throw new DrydockError('ServiceRefused', `SES refused to send from ${config.from}: ${named.message}`, {
        remedy: `Verify ${config.from} or its domain in SES, request production access, and allow ses:SendEmail for it.`,
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
