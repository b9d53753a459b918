import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Row } from './rows.ts';

/**
 * The task token of an execution's current try: deterministic, not to be guessed without the journal's secret, at most
 * 160 characters. It begins with the execution's name, so that finding its row needs no index.
 */
export function tokenOf(secret: Buffer, row: Pick<Row, 'name' | 'visit' | 'attempt'>): string {
  const part = `${row.name}.${row.visit}.${row.attempt}`;
  return `${part}.${createHmac('sha256', secret).update(part).digest('base64url')}`;
}

/** Name of the execution that a token claims to be of. */
export const executionOf = (token: string): string => token.split('.', 1)[0] ?? '';

export function sameToken(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}
