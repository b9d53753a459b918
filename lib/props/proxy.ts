import type { Construct } from 'constructs';
import { propError } from './prop-error.ts';

/**
 * The gateways' proxy. Its URL is part of task definitions, which many can read, so it must not contain a secret.
 * @throws UsageError for anything other than `http(s)://host:port`, with the path of the construct.
 */
export function checkProxy(scope: Construct, given: string | undefined): URL | undefined {
  if (given === undefined) return undefined;
  const url = URL.canParse(given) ? new URL(given) : undefined;
  const wrong =
    url === undefined
      ? 'is not a valid URL'
      : url.username !== '' || url.password !== ''
        ? 'contains a user; authorize the gateways at the proxy by their network instead'
        : !['http:', 'https:'].includes(url.protocol) || url.port === '' || url.pathname !== '/' || url.search !== ''
          ? 'is not http://host:port'
          : undefined;
  // The message does not repeat the value: it may contain a password.
  if (wrong !== undefined) throw propError(scope, 'UsageError', `egress.proxyUrl ${wrong}.`);
  return url;
}
