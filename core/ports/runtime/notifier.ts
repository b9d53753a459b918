interface Notification {
  key: string;
  to: string[];
  subject: string;
  text: string;
  link?: string;
}

export interface SentNotification extends Notification {
  /** ISO 8601. */
  at: string;
}

/** Sends notifications to people. A notification with the same key is sent once. */
export interface Notifier {
  notify(notification: Notification): Promise<void>;
}
