import { viewError } from '../../core/errors.ts';
import { messageId } from '../../core/notification/message-id.ts';
import { noticeOf } from '../../core/notification/notice.ts';
import type { Channel } from '../../core/ports/runtime/notifier.ts';

/** What became of a test message, for a person. */
export interface Tested {
  ok: boolean;
  /** Error name and message, or where it was sent. */
  says: string;
  remedy: string;
}

/** Sends a message to a person by one channel, at once, so that they see whether it arrives. */
export async function testChannel(
  channels: readonly Channel[],
  name: string,
  person: string,
  now: number,
): Promise<Tested> {
  const channel = channels.find((each) => each.name === name);
  if (!channel)
    return { ok: false, says: `The policy has no channel ${name.slice(0, 40)}.`, remedy: 'Configure it under notify.' };
  const at = new Date(now).toISOString();
  const notice = noticeOf({ key: `test#${at}#${person}`, kind: 'test', to: [person], at, facts: {} });
  const recipients = channel.recipients(notice);
  if (recipients.length === 0)
    return {
      ok: false,
      says: `${person} has no address for ${channel.name}.`,
      remedy: `Write it under people.${person} in the policy.`,
    };
  try {
    for (const to of recipients) await channel.send(notice, to, messageId(notice, channel.name, to));
    return { ok: true, says: `A test message was sent by ${channel.name} to ${recipients.join(', ')}.`, remedy: '' };
  } catch (error) {
    const { name: errorName, message, remedy } = viewError(error);
    return { ok: false, says: `${errorName}: ${message}`, remedy };
  }
}
