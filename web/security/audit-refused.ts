import type { Context } from 'hono';
import { DrydockError } from '../../core/errors.ts';
import type { WebOptions } from '../options.ts';
import { RequestRefused } from '../request-refused.ts';
import type { WebEnv } from './request-guard.ts';

/** Records a request that was refused before anything was asked of the service, or that was about what is not there. */
export async function auditRefused({ audit }: WebOptions, c: Context<WebEnv>, error: unknown): Promise<void> {
  const reason = error instanceof RequestRefused ? `${error.status} ${error.message}` : absent(c, error);
  if (reason === undefined) return;
  const { who } = c.get('page')?.visitor ?? {};
  const text = `${c.req.method} ${c.req.path.slice(0, 200)}: ${reason}`;
  await audit?.({ type: 'request-refused', text, ...(who ? { who } : {}) });
}

/** An act on a run or gate that does not exist, or that its actor may not know of. Whoever reads does not act. */
const absent = (c: Context, error: unknown): string | undefined =>
  c.req.method === 'POST' &&
  error instanceof DrydockError &&
  (error.name === 'GateNotFound' || error.name === 'RunNotFound')
    ? `${error.name}: ${error.message}`
    : undefined;
