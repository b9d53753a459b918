import type { Notice } from '../../notification/notice.ts';

/** Tells people something. A notice with the same key is stored and sent once. */
export interface Notifier {
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
