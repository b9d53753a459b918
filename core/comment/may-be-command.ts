/**
 * Whether a comment may contain a command. A separate and cheap check, because the webhook receiver runs it on every
 * comment, and most comments contain none.
 */
export const mayBeCommand = (body: string): boolean => /^\/drydock/im.test(body);
