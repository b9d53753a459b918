import { DrydockError } from '../../core/errors.ts';
import { cardOf } from '../../core/notification/card.ts';
import { threadId } from '../../core/notification/message-id.ts';
import type { Notice } from '../../core/notification/notice.ts';
import { isMailbox } from '../../core/notification/recipients.ts';
import { mailHtml } from '../../core/notification/render/mail-html.ts';
import { textOf } from '../../core/notification/render/text.ts';

export interface MailConfig {
  /** An address or domain that may send. */
  from: string;
  /** Email address of a person id; `undefined` if the person has none. */
  addressOf(person: string): string | undefined;
}

/** The fields of a mail as nodemailer takes them; it encodes headers, so that no text can begin another one. */
export interface MailFields {
  from: string;
  to: { name: string; address: string };
  subject: string;
  messageId: string;
  references: string;
  headers: Record<string, string>;
  text: string;
  html: string;
  disableFileAccess: true;
  disableUrlAccess: true;
}

/**
 * A notice as a mail. All mails about a run are one thread; a repeated mail has the same id, by which mail programs know it.
 * @param id Of the message.
 */
export function mailOf(notice: Notice, { id, from, to }: { id: string; from: string; to: string }): MailFields {
  // A list, a comment or a line end in an address would be read as another recipient, or as a command.
  if (!isMailbox(to))
    throw new DrydockError('ServiceRefused', 'The address of a person is not one plain address.', {
      remedy: 'Write NAME@DOMAIN as the email of the person in the policy.',
    });
  const card = cardOf(notice);
  const domain = from.slice(from.lastIndexOf('@') + 1);
  return {
    from,
    // An object is one address, whatever it contains.
    to: { name: '', address: to },
    subject: card.subject,
    messageId: `<${id}@${domain}>`,
    references: `<thread-${threadId(notice)}@${domain}>`,
    headers: {
      'In-Reply-To': `<thread-${threadId(notice)}@${domain}>`,
      'List-Id': `Drydock <drydock.${domain}>`,
      // Suppresses automatic replies such as absence notes.
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
    },
    text: textOf(card),
    html: mailHtml(card),
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}
