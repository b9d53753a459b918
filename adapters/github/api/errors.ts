import { DrydockError } from '../../../core/errors.ts';

type Headers = Record<string, string | number | undefined>;

/** What is looked at of Octokit's RequestError and GraphqlResponseError. */
interface ApiError {
  status?: number;
  message?: string;
  response?: { headers?: Headers };
  /** GraphQL answers 200 and says here what went wrong. */
  errors?: { type?: string; message?: string }[];
}

/** What an error of the API keeps in its `details`. */
export interface HostErrorDetails {
  /** HTTP status; 0 when no answer came. */
  status: number;
  retryAfterMs?: number;
}

/** The statuses that GraphQL's types of errors have in REST. */
const graphqlStatus: Record<string, number> = { NOT_FOUND: 404, FORBIDDEN: 403, RATE_LIMITED: 429 };

/**
 * GitHub's answer as an error of ours. Its words are kept, what was sent is not: a request carries its token.
 * @param what Says what was tried: `write acme/calc`.
 */
export function hostError(error: unknown, what: string): DrydockError {
  if (error instanceof DrydockError) return error;
  const { message = '', response } = error as ApiError;
  const headers = response?.headers ?? {};
  const status = statusOf(error) ?? 0;
  const words = `${what}: ${firstLine(wordsOf(error as ApiError, message))}`;
  const waits = retryAfterMs(headers);
  const limited =
    status === 429 || (status === 403 && (waits !== undefined || /rate limit|abuse detection/i.test(message)));
  if (limited) {
    return new DrydockError('HostRateLimited', words, { details: { status, retryAfterMs: waits ?? 60_000 } });
  }
  // Octokit says 500 where no answer came at all.
  if (status === 0 || (status >= 500 && !response)) {
    return new DrydockError('HostUnavailable', `${what}: GitHub did not answer.`, { details: { status: 0 } });
  }
  if (status >= 500 || status === 408) return new DrydockError('HostUnavailable', words, { details: { status } });
  if (status === 401 || status === 403 || status === 404) return forbidden(status, words, headers);
  return new DrydockError('HostRefused', words, { details: { status } });
}

/** A 404 is also what GitHub says where it does not want to say 403. */
function forbidden(status: number, words: string, headers: Headers): DrydockError {
  const details = { status };
  if (status === 401) {
    return new DrydockError('HostForbidden', words, {
      details,
      remedy: 'GitHub does not take the credential: correct the key of the app, its id, or GITHUB_TOKEN.',
    });
  }
  const needed = String(headers['x-accepted-github-permissions'] ?? '').replaceAll(/[^a-z_=;, ]/g, '');
  if (needed === '') return new DrydockError('HostForbidden', words, { details });
  return new DrydockError('HostForbidden', `${words} (needs ${needed})`, {
    details,
    remedy: `Install the app on the repository and grant it ${needed}; \`drydock doctor\` lists what is missing.`,
  });
}

/** HTTP status of an error, ours or Octokit's; undefined where it is no answer of the API. */
export const statusOf = (error: unknown): number | undefined => {
  if (error instanceof DrydockError) return (error.details as Partial<HostErrorDetails> | undefined)?.status;
  const { status, errors } = error as ApiError;
  if (status !== undefined || !Array.isArray(errors)) return status;
  return graphqlStatus[errors[0]?.type ?? ''] ?? 422;
};

/** Whether the API, or the way to it, is where an error comes from; anything else is a defect of ours. */
export const isHostError = (error: unknown): boolean =>
  error instanceof Error &&
  (statusOf(error) !== undefined ||
    ['TimeoutError', 'AbortError'].includes(error.name) ||
    // What fetch throws for a connection that breaks, also in the middle of a body.
    (error instanceof TypeError && /^(?:fetch failed|terminated)$/.test(error.message)));

const wordsOf = ({ errors }: ApiError, message: string): string =>
  Array.isArray(errors) ? errors.map(({ message = '' }) => message).join('; ') : message;

/** How long GitHub asks to wait, in milliseconds. */
function retryAfterMs(headers: Headers): number | undefined {
  const after = headers['retry-after'];
  if (after !== undefined) return Number.isFinite(Number(after)) ? Number(after) * 1_000 : 60_000;
  if (String(headers['x-ratelimit-remaining']) !== '0') return undefined;
  const reset = Number(headers['x-ratelimit-reset'] ?? 0) * 1_000;
  return Math.max(1_000, reset - Date.now());
}

/** GitHub's tokens begin with these; a message that quotes one must not go on. */
const firstLine = (message: string): string =>
  (message.split('\n')[0] ?? '').replace(/gh[a-z]_[A-Za-z0-9._-]{16,}|github_pat_\w+/g, '(token)').slice(0, 300);
