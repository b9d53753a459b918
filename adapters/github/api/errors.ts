import { DrydockError } from '../../../core/errors.ts';

type Headers = Record<string, string | number | undefined>;

/** The fields that are read from Octokit's RequestError and GraphqlResponseError. */
interface ApiError {
  status?: number;
  message?: string;
  response?: { headers?: Headers };
  /** GraphQL answers 200 and reports its errors here. */
  errors?: { type?: string; message?: string }[];
}

/** The `details` of an error from the API. */
export interface HostErrorDetails {
  /** HTTP status; 0 without a response. */
  status: number;
  retryAfterMs?: number;
}

/** The HTTP status that REST uses for each GraphQL error type. */
const graphqlStatus: Record<string, number> = { NOT_FOUND: 404, FORBIDDEN: 403, RATE_LIMITED: 429 };

/**
 * An error of the API as a `DrydockError`. It keeps GitHub's message but nothing of the request, which carries a token.
 * @param what The attempted operation: `write acme/calc`.
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
  // Octokit reports status 500 without a response for a network failure.
  if (status === 0 || (status >= 500 && !response)) {
    return new DrydockError('HostUnavailable', `${what}: GitHub did not answer.`, { details: { status: 0 } });
  }
  if (status >= 500 || status === 408) return new DrydockError('HostUnavailable', words, { details: { status } });
  if (status === 401 || status === 403 || status === 404) return forbidden(status, words, headers);
  return new DrydockError('HostRefused', words, { details: { status } });
}

/** GitHub also answers 404 where it hides that access is forbidden. */
function forbidden(status: number, words: string, headers: Headers): DrydockError {
  const details = { status };
  if (status === 401) {
    return new DrydockError('HostForbidden', words, {
      details,
      remedy: 'GitHub does not accept the credential: correct the key of the app, its id, or GITHUB_TOKEN.',
    });
  }
  const needed = String(headers['x-accepted-github-permissions'] ?? '').replaceAll(/[^a-z_=;, ]/g, '');
  if (needed === '') return new DrydockError('HostForbidden', words, { details });
  return new DrydockError('HostForbidden', `${words} (needs ${needed})`, {
    details,
    remedy: `Install the app on the repository and grant it ${needed}; \`drydock doctor\` lists what is missing.`,
  });
}

/** HTTP status of a `DrydockError` or an Octokit error; `undefined` if the error did not come from the API. */
export const statusOf = (error: unknown): number | undefined => {
  if (error instanceof DrydockError) return (error.details as Partial<HostErrorDetails> | undefined)?.status;
  const { status, errors } = error as ApiError;
  if (status !== undefined || !Array.isArray(errors)) return status;
  return graphqlStatus[errors[0]?.type ?? ''] ?? 422;
};

/** Whether an error comes from the API or the network; anything else is a defect of Drydock. */
export const isHostError = (error: unknown): boolean =>
  error instanceof Error &&
  (statusOf(error) !== undefined ||
    ['TimeoutError', 'AbortError'].includes(error.name) ||
    // `fetch` throws these for a broken connection, also while it reads a body.
    (error instanceof TypeError && /^(?:fetch failed|terminated)$/.test(error.message)));

const wordsOf = ({ errors }: ApiError, message: string): string =>
  Array.isArray(errors) ? errors.map(({ message = '' }) => message).join('; ') : message;

/** How long GitHub asks the client to wait, in milliseconds. */
function retryAfterMs(headers: Headers): number | undefined {
  const after = headers['retry-after'];
  if (after !== undefined) return Number.isFinite(Number(after)) ? Number(after) * 1_000 : 60_000;
  if (String(headers['x-ratelimit-remaining']) !== '0') return undefined;
  const reset = Number(headers['x-ratelimit-reset'] ?? 0) * 1_000;
  return Math.max(1_000, reset - Date.now());
}

/** The first line of a message, with GitHub tokens replaced: a message may quote one. */
const firstLine = (message: string): string =>
  (message.split('\n')[0] ?? '').replace(/gh[a-z]_[A-Za-z0-9._-]{16,}|github_pat_\w+/g, '(token)').slice(0, 300);
