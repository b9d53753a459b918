/**
 * Whether a comment is worth reading as a command: most comments are people talking. It is apart from the reader, and
 * cheap, because the webhook receiver asks it of every comment.
 */
export const mayBeCommand = (body: string): boolean => /^\/drydock/im.test(body);
