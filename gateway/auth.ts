import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Caller } from './context.ts';

export const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** All secrets of a request. Agents only know their vendor's header, so each vendor's way to send a key is read. */
export function secretsOf(request: IncomingMessage, url: URL): string[] {
  const found: string[] = [];
  for (const name of ['authorization', 'proxy-authorization'] as const) {
    const value = request.headers[name];
    if (typeof value !== 'string') continue;
    const [scheme = '', rest = ''] = value.split(' ', 2);
    if (scheme.toLowerCase() === 'bearer') found.push(rest);
    if (scheme.toLowerCase() === 'basic') {
      const text = Buffer.from(rest, 'base64').toString('utf8');
      found.push(text.slice(text.indexOf(':') + 1));
    }
  }
  for (const name of ['x-api-key', 'x-goog-api-key']) {
    const value = request.headers[name];
    if (typeof value === 'string') found.push(value);
  }
  const key = url.searchParams.get('key');
  if (key !== null) found.push(key);
  return found;
}

/** Identifies callers. It compares digests in constant time, which discloses neither content nor length of a secret. */
export function authenticator(secrets: { runner: string; agent: string }) {
  const runner = digest(secrets.runner);
  const agent = digest(secrets.agent);
  return (request: IncomingMessage, url: URL): Caller => {
    let caller: Caller = 'nobody';
    for (const secret of secretsOf(request, url)) {
      const given = digest(secret);
      if (timingSafeEqual(given, runner)) caller = 'runner';
      else if (timingSafeEqual(given, agent) && caller === 'nobody') caller = 'agent';
    }
    return caller;
  };
}
