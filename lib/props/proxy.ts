import type { Construct } from 'constructs';
import { propError } from './prop-error.ts';

/**
 * The proxy that gateways go out through. It stands in task definitions, where many can read it, so no secret may be in it.
 * @throws UsageError for anything but `http(s)://host:port`, with the path of the construct.
 */
export function checkProxy(scope: Construct, given: string | undefined): URL | undefined {
  if (given === undefined) return undefined;
  const url = URL.canParse(given) ? new URL(given) : undefined;
  const wrong =
    url === undefined
      ? 'is no URL'
      : url.username !== '' || url.password !== ''
        ? 'names a user; let your network tell who may use the proxy'
        : !['http:', 'https:'].includes(url.protocol) || url.port === '' || url.pathname !== '/' || url.search !== ''
          ? 'is not http://host:port'
          : undefined;
  // What was given is not repeated: it may hold a password.
  if (wrong !== undefined) throw propError(scope, 'UsageError', `egress.proxyUrl ${wrong}.`);
  return url;
}
