import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * What the tasks of a phase prove themselves with. Derived, so that nothing has to be stored: whoever has the deployment
 * key can tell each of them, and nobody else can. Values come and go as 64 hex.
 */

const derive = (key: string, ...parts: string[]): string =>
  // Lengths before parts: no two lists of parts have the same text.
  createHmac('sha256', key)
    .update(parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join(''))
    .digest('hex');

/** What a sandbox shows its gateway, once, to be told its secrets. */
export const sandboxTicket = (key: string, phaseKey: string): string => derive(key, 'sandbox', phaseKey);

/** What a gateway shows the broker. @param expiresMs Epoch milliseconds. */
export const gatewayGrant = (key: string, phaseKey: string, expiresMs: number): string =>
  `${expiresMs}.${derive(key, 'gateway', phaseKey, String(expiresMs))}`;

/** Whether a grant is for that phase, unchanged, and still good. */
export function isGranted(key: string, phaseKey: string, grant: string, nowMs: number): boolean {
  const expiresMs = Number(/^(\d{1,15})\./.exec(grant)?.[1] ?? Number.NaN);
  if (!(expiresMs > nowMs)) return false;
  const [given, right] = [grant, gatewayGrant(key, phaseKey, expiresMs)].map((text) => Buffer.from(text));
  return given !== undefined && right !== undefined && given.length === right.length && timingSafeEqual(given, right);
}
