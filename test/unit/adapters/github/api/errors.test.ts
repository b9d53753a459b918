import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostError, isHostError, statusOf } from '../../../../../adapters/github/api/errors.ts';
import { DrydockError } from '../../../../../core/errors.ts';

const request = {
  method: 'GET',
  url: 'https://api.github.com/x',
  headers: { authorization: 'token ghs_sent' },
} as const;
/** As Octokit's RequestError is; without a response, as when there was no answer. */
const failed = (status: number, message: string, response?: object): Error =>
  Object.assign(new Error(message), { name: 'HttpError', status, request, response });
const answer = (status: number, message: string, headers: Record<string, string> = {}): Error =>
  failed(status, message, { status, headers, data: { message } });
const graphql = (type: string, message: string): Error =>
  Object.assign(new Error('Request failed due to following response errors:\n - x'), {
    name: 'GraphqlResponseError',
    errors: [{ type, message }],
  });
const soon = String(Math.floor(Date.now() / 1000) + 1_000);

describe('what GitHub answers is an error by type', () => {
  it.each([
    ['no answer at all', failed(500, 'fetch failed'), 'HostUnavailable'],
    ['500', answer(500, 'Server Error'), 'HostUnavailable'],
    ['502', answer(502, 'Bad Gateway'), 'HostUnavailable'],
    ['408', answer(408, 'Timeout'), 'HostUnavailable'],
    ['a connection cut', new TypeError('terminated'), 'HostUnavailable'],
    ['429', answer(429, 'Too many'), 'HostRateLimited'],
    ['403 with retry-after', answer(403, 'Slow down', { 'retry-after': '7' }), 'HostRateLimited'],
    [
      '403 with nothing left',
      answer(403, 'API rate', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': soon }),
      'HostRateLimited',
    ],
    [
      '403 in the words of the secondary limit',
      answer(403, 'You have exceeded a secondary rate limit'),
      'HostRateLimited',
    ],
    ['401', answer(401, 'Bad credentials'), 'HostForbidden'],
    ['403', answer(403, 'Resource not accessible by integration'), 'HostForbidden'],
    ['404', answer(404, 'Not Found'), 'HostForbidden'],
    ['409', answer(409, 'Conflict'), 'HostRefused'],
    ['422', answer(422, 'Validation Failed: {"code":"custom"}'), 'HostRefused'],
    ['GraphQL, not there', graphql('NOT_FOUND', 'Could not resolve'), 'HostForbidden'],
    ['GraphQL, forbidden', graphql('FORBIDDEN', 'Resource not accessible'), 'HostForbidden'],
    ['GraphQL, limited', graphql('RATE_LIMITED', 'API rate limit exceeded'), 'HostRateLimited'],
    ['GraphQL, anything else', graphql('UNPROCESSABLE', 'Pull request is closed'), 'HostRefused'],
  ])('%s', (_, error, name) => {
    expect(isHostError(error)).toBe(true);
    const known = hostError(error, 'read acme/calc');
    expect(known.name).toBe(name);
    expect(known.message).toMatch(/^read acme\/calc: /);
    expect(known.remedy).not.toBe('');
  });

  it('says how long to wait', () => {
    const waits = (error: unknown) => (hostError(error, 'x').details as { retryAfterMs: number }).retryAfterMs;
    expect(waits(answer(429, 'x', { 'retry-after': '7' }))).toBe(7_000);
    expect(waits(answer(429, 'x', { 'retry-after': 'Sat, 21 Nov 2026 07:00:00 GMT' }))).toBe(60_000);
    expect(waits(answer(429, 'x'))).toBe(60_000);
    const reset = waits(answer(403, 'x', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': soon }));
    expect(reset).toBeGreaterThan(0);
    expect(reset).toBeLessThanOrEqual(1_001_000);
  });

  it('names the permission that is missing', () => {
    const known = hostError(
      answer(403, 'Resource not accessible by integration', {
        'x-accepted-github-permissions': 'contents=write; issues=write',
      }),
      'write acme/calc',
    );
    expect(known.message).toContain('contents=write; issues=write');
    expect(known.remedy).toContain('contents=write');
  });

  it('leaves what is ours, and what is a defect, as it is', () => {
    const ours = new DrydockError('BranchTaken', 'x', { details: { status: 418 } });
    expect(hostError(ours, 'y')).toBe(ours);
    expect(statusOf(ours)).toBe(418);
    for (const defect of [new TypeError('x is not a function'), new Error('x'), 'text', undefined])
      expect(isHostError(defect)).toBe(false);
  });

  it('R16 quotes no token, in whatever words it comes', () => {
    const letters = fc.stringMatching(/^[A-Za-z0-9._-]{36,80}$/);
    const prefix = fc.constantFrom('ghs_', 'ghp_', 'gho_', 'ghu_', 'ghr_', 'github_pat_');
    fc.assert(
      fc.property(prefix, letters, fc.string(), fc.string(), (start, rest, before, after) => {
        const token = start + (start === 'github_pat_' ? rest.replaceAll(/[.-]/g, '_') : rest);
        const known = hostError(answer(422, `${before} ${token} ${after}`), 'write acme/calc');
        const seen = JSON.stringify([known.message, known.remedy, known.details, known.stack, known.cause]);
        expect(seen).not.toContain(token.slice(0, 24));
        expect(seen).not.toContain('ghs_sent');
      }),
    );
  });
});
