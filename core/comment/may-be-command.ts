/**
 * Whether a comment may contain a command; most comments do not. This check is cheap and separate from the parser,
 * because the webhook receiver applies it to every comment.
 */
export const mayBeCommand = (body: string): boolean => /^\/drydock/im.test(body);
