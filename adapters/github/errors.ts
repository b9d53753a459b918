import { DrydockError } from '../../core/errors.ts';

/** What of Octokit's RequestError is looked at. */
interface ApiError {
  status?: number;
  message?: string;
  response?: { headers?: Record<string, string | number | undefined>; data?: unknown };
}

/** GitHub's answer as an error of ours. Its words are kept, what was sent is not: a request carries its token. */
export function hostError(error: unknown, what: string): DrydockError {
  if (error instanceof DrydockError) return error;
  const { status = 0, message = '', response } = error as ApiError;
  const words = `${what}: ${firstLine(message)}`;
  const waits = retryAfterMs(response?.headers ?? {});
  const limited =
    status === 429 || (status === 403 && (waits !== undefined || /rate limit|abuse detection/i.test(message)));
  if (limited) {
    return new DrydockError('HostRateLimited', words, { details: { status, retryAfterMs: waits ?? 60_000 } });
  }
  if (status === 0 || status >= 500 || status === 408) {
    return new DrydockError('HostUnavailable', status === 0 ? `${what}: GitHub did not answer.` : words, {
      details: { status },
    });
  }
  if (status === 401 || status === 403 || status === 404) {
    return new DrydockError('HostForbidden', words, { details: { status } });
  }
  return new DrydockError('HostRefused', words, { details: { status } });
}

export const statusOf = (error: unknown): number | undefined => {
  if (error instanceof DrydockError) return (error.details as { status?: number } | undefined)?.status;
  return (error as ApiError).status;
};

/** How long GitHub asks to wait, in milliseconds. */
function retryAfterMs(headers: Record<string, string | number | undefined>): number | undefined {
  const after = headers['retry-after'];
  if (after !== undefined) return Number(after) * 1_000;
  if (String(headers['x-ratelimit-remaining']) !== '0') return undefined;
  const reset = Number(headers['x-ratelimit-reset'] ?? 0) * 1_000;
  return Math.max(1_000, reset - Date.now());
}

/** GitHub's tokens begin with these; a message that quotes one must not go on. */
const firstLine = (message: string): string =>
  (message.split('\n')[0] ?? '').replace(/gh[a-z]_[A-Za-z0-9._-]{16,}|github_pat_\w+/g, '(token)').slice(0, 300);
