import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Row } from './rows.ts';

/**
 * The task token of the current attempt: deterministic, unguessable without the secret of the journal, at most 160
 * characters. It begins with the name of the execution, so that the row is found without an index.
 */
export function tokenOf(secret: Buffer, row: Pick<Row, 'name' | 'visit' | 'attempt'>): string {
  const part = `${row.name}.${row.visit}.${row.attempt}`;
  return `${part}.${createHmac('sha256', secret).update(part).digest('base64url')}`;
}

/** Name of the execution in a token. The token is not yet verified. */
export const executionOf = (token: string): string => token.split('.', 1)[0] ?? '';

export function sameToken(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}
