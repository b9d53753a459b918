import { createHmac } from 'node:crypto';

/** Characters of a secret that signs, at least. */
export const minSecret = 32;

/**
 * The header `Drydock-Signature` of a body: a receiver computes the same from the time and the body, and refuses a time
 * that is long ago. @param at Epoch seconds.
 */
export const signatureOf = (secret: string, body: string, at: number): string =>
  `t=${at},v1=${createHmac('sha256', secret).update(`${at}.${body}`).digest('hex')}`;
