/** Sends messages to people. A message with the same key is sent once. */
export interface Notifier {
  notify(message: { key: string; to: string[]; subject: string; text: string; link?: string }): Promise<void>;
}
