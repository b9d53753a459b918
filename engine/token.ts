import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Row } from './journal.ts';

/** Deterministic per execution, visit and try, and not to be guessed: a retried state has a new one. */
export function tokenOf(secret: Buffer, row: Row): string {
  const part = `${row.name}.${row.visit}.${row.tries}`;
  return `${part}.${createHmac('sha256', secret).update(part).digest('base64url')}`;
}

export function sameToken(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}
