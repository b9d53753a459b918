import { matchesPath, normalPath } from '../../core/egress/path.ts';
import type { GatewaySettings } from '../config.ts';
import { announcedBytes, type Exchange, type GatewayContext } from '../context.ts';
import { type AllowLines, allowRule } from '../egress/allow.ts';
import { publicRegistries } from '../registry/parts.ts';
import type { Mirrors } from '../registry/registry.ts';
import type { Forward } from './forward.ts';
import type { RuledHosts } from './hosts.ts';

type Rule = GatewaySettings['rules'][number];

/** Answers a request to a host whose TLS the gateway ended. */
export type RuleRoute = (exchange: Exchange, host: string) => Promise<void>;

const hasBody = (request: Exchange['request']): boolean =>
  request.headers['transfer-encoding'] !== undefined || (announcedBytes(request) ?? 0) > 0;

/**
 * Judges each request to a host with rules: by the policy's rules, and by those that the product knows for registries.
 * Node's parser has read the request as one, and has refused what another parser could read as two.
 */
export function ruleRoute(
  context: GatewayContext,
  hosts: RuledHosts,
  mirrors: Mirrors,
  forward: () => Promise<Forward>,
): RuleRoute {
  return async (exchange, host) => {
    const { request } = exchange;
    const target = request.url ?? '/';
    const method = request.method ?? '';
    const refuse = (status: number, reason: string, lines: AllowLines = { allow: '' }): void => {
      request.resume();
      const shown = `${method} ${host}${target.split('?', 1)[0]}`;
      context.refuse(exchange, status, { target: shown, reason, ...lines });
    };
    const asked = (request.headers.host ?? '').toLowerCase().replace(/:443$/, '');
    // Node takes the first of several, another server may take the last.
    const count = request.rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host').length;
    if (count !== 1) return refuse(400, `${count} Host headers`);
    if (asked !== host) return refuse(421, `the request is for ${asked.slice(0, 200)}, its TLS server name is ${host}`);
    if (request.headers.upgrade !== undefined) return refuse(403, 'a connection to a host with rules keeps to HTTP');
    if (!/^(?:chunked)?$/i.test(request.headers['transfer-encoding'] ?? ''))
      return refuse(400, 'a transfer encoding other than chunked');
    const path = normalPath(target);
    if ('fault' in path) return refuse(400, path.fault);
    const rules = context.config.rules.filter((rule) => rule.host === host);
    const rule = rules.find(
      ({ methods, paths }) => methods.includes(method) && paths.some((pattern) => matchesPath(pattern, path)),
    );
    if (rule !== undefined) {
      if ((method === 'GET' || method === 'HEAD') && hasBody(request)) return refuse(400, `${method} with a body`);
      if ((announcedBytes(request) ?? 0) > rule.bodyBytes) return refuse(413, overLimit(rule));
      return (await forward())(exchange, { host, path: target, rule, refuse });
    }
    const folder = hosts.mirroredBy(host).find(({ prefix }) => target.startsWith(prefix));
    if (folder === undefined) {
      const reason = rules.length === 0 ? 'the path is not one of the registry' : whyNot(rules, method);
      return refuse(403, reason, allowRule(host, method, `/${path.decoded.join('/')}`));
    }
    const [subject = '', query] = target.slice(folder.prefix.length).split('?', 2);
    return mirrors(exchange, {
      name: folder.mirror,
      subject,
      query: query !== undefined,
      urlOf: (mirror) => urlOf(host, folder, mirror, context.config),
    });
  };
}

const overLimit = ({ bodyBytes }: Rule): string => `the body is over the rule's limit of ${bodyBytes} bytes`;

const whyNot = (rules: readonly Rule[], method: string): string =>
  rules.some(({ methods }) => methods.includes(method))
    ? 'no rule allows this path'
    : `no rule allows ${method}; the rules allow ${[...new Set(rules.flatMap(({ methods }) => methods))].join(', ')}`;

/** Links lead to the host that was asked, or to the public host of the other mirror. */
function urlOf(
  host: string,
  folder: ReturnType<RuledHosts['mirroredBy']>[number],
  mirror: string,
  { private: own }: GatewaySettings,
): string {
  if (mirror === folder.mirror) return `https://${host}${folder.prefix}`;
  const index = /~(\d+)$/.exec(mirror)?.[1];
  return (index === undefined ? publicRegistries[mirror] : own[Number(index)]?.url) ?? '';
}
