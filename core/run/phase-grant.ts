import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * The credentials with which the tasks of a phase authenticate. They are derived from the deployment key, so that
 * nothing has to be stored: only a holder of the key can make or check them. A derived value is 64 hex digits.
 */

const derive = (key: string, ...parts: string[]): string =>
  // Each part is preceded by its length, so that two different lists of parts never give the same text.
  createHmac('sha256', key)
    .update(parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join(''))
    .digest('hex');

/** The ticket that a sandbox presents to its gateway, once, to receive its secrets. */
export const sandboxTicket = (key: string, phaseKey: string): string => derive(key, 'sandbox', phaseKey);

/** The grant that a gateway presents to the broker. @param expiresMs Epoch milliseconds. */
export const gatewayGrant = (key: string, phaseKey: string, expiresMs: number): string =>
  `${expiresMs}.${derive(key, 'gateway', phaseKey, String(expiresMs))}`;

/** Whether a grant was made for this phase, is unchanged and has not expired. */
export function isGranted(key: string, phaseKey: string, grant: string, nowMs: number): boolean {
  const expiresMs = Number(/^(\d{1,15})\./.exec(grant)?.[1] ?? Number.NaN);
  if (!(expiresMs > nowMs)) return false;
  const given = Buffer.from(grant);
  const expected = Buffer.from(gatewayGrant(key, phaseKey, expiresMs));
  return given.length === expected.length && timingSafeEqual(given, expected);
}
