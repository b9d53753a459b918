/** Responses that are kept; the oldest are dropped. */
const maxKept = 2_000;
/** Responses that sweeps request repeatedly: heads of branches, checks and statuses of a commit. All of them are small. */
const repeated = /\/git\/ref\/heads(?:\/|%2F)|\/commits\/[^/?]+\/(?:check-runs|status)(?:\?|$)/i;

interface Kept {
  etag: string;
  headers: Record<string, unknown>;
  data: unknown;
}

/**
 * Answers of GitHub to repeated questions. Asked with its ETag, an unchanged one comes as status 304, which does not count
 * against the budget of requests.
 * https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate
 */
export interface Conditional {
  find(method: string, url: string): Kept | undefined;
  keep(method: string, url: string, headers: Record<string, unknown>, data: unknown): void;
}

export function createConditional(): Conditional {
  const kept = new Map<string, Kept>();
  const isRepeated = (method: string, url: string): boolean => method === 'GET' && repeated.test(url);
  return {
    find: (method, url) => (isRepeated(method, url) ? kept.get(url) : undefined),
    keep(method, url, headers, data) {
      const { etag } = headers;
      if (!isRepeated(method, url) || typeof etag !== 'string') return;
      kept.delete(url);
      kept.set(url, { etag, headers, data: structuredClone(data) });
      const [oldest] = kept.keys();
      if (kept.size > maxKept && oldest !== undefined) kept.delete(oldest);
    },
  };
}
