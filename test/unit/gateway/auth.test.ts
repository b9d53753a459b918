import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { authenticator } from '../../../gateway/auth.ts';
import { secrets } from './fixture.ts';

const callerOf = authenticator(secrets);
const who = (headers: Record<string, string>, path = '/') =>
  callerOf({ headers } as unknown as IncomingMessage, new URL(path, 'http://gateway'));
const basic = (secret: string) => `Basic ${Buffer.from(`user:${secret}`).toString('base64')}`;

test.each([
  [{ authorization: `Bearer ${secrets.runner}` }, 'runner'],
  [{ authorization: `bearer ${secrets.agent}` }, 'agent'],
  [{ authorization: basic(secrets.runner) }, 'runner'],
  [{ 'proxy-authorization': basic(secrets.agent) }, 'agent'],
  [{ 'x-api-key': secrets.agent }, 'agent'],
  [{ 'x-goog-api-key': secrets.agent }, 'agent'],
  [{ 'x-goog-api-key': secrets.agent, authorization: 'Bearer else' }, 'agent'],
  [{}, 'nobody'],
  [{ authorization: 'Bearer' }, 'nobody'],
  [{ authorization: `Bearer ${secrets.agent}x` }, 'nobody'],
  [{ authorization: `Bearer ${secrets.agent.slice(1)}` }, 'nobody'],
  [{ authorization: `Digest ${secrets.runner}` }, 'nobody'],
])('%o is %s', (headers, caller) => {
  expect(who(headers as Record<string, string>)).toBe(caller);
});

test("Google's key parameter is one of the places", () => {
  expect(who({}, `/model?key=${secrets.agent}`)).toBe('agent');
});
