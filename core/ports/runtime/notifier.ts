import type { Notice } from '../../notification/notice.ts';
import type { Subject } from '../../notification/subject.ts';

/** Has people told about something, once however often it is asked for. */
export interface Notifier {
  tell(subject: Subject): Promise<void>;
}

/** Where notices are stored and sent. A notice with a known key changes nothing. */
export interface Messages {
  notify(notice: Notice): Promise<void>;
  /** Whether a notice with this key was stored before; its facts need not be gathered again. */
  known(key: string): Promise<boolean>;
}

/** Names of channels, as people and the policy name them. */
export type ChannelName = 'mail' | 'slack' | 'webhook';

/** A way to people outside the pages. It renders the facts of a notice itself. */
export interface Channel {
  name: ChannelName;
  /** Whom a notice is sent to: person ids, or `all` for a channel that many read; empty if it reaches nobody. */
  recipients(notice: Notice): string[];
  /**
   * Sends a notice to one of the recipients. With a process that dies here it may be sent again, with the same id.
   * @param id The same for each attempt.
   * @throws DrydockError; one that is transient is tried again.
   */
  send(notice: Notice, recipient: string, id: string): Promise<void>;
}
