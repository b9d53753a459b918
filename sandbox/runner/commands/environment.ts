import { join } from 'node:path';
import type { ProviderKind } from '../../../core/models/endpoint.ts';
import { layout } from '../../layout.ts';
import type { Phase } from '../phase.ts';
import { trustVariables } from '../trust/trust.ts';
import { managerPaths, managerVariables } from './managers.ts';

/** Variables of a container that belong to the service that runs it, and not to its image. */
const ofService = /^(?:AWS_|ECS_|DRYDOCK_)/;

/**
 * Names by which programs of the sandbox reach each other: a test asks its server at the address that it listens on. Some
 * clients compare an address of IPv6 as it is written in a URL.
 */
const ownHosts = [
  '127.0.0.1',
  'localhost',
  layout.hostname,
  '0.0.0.0',
  ...['::1', '::'].flatMap((ip) => [ip, `[${ip}]`]),
];

/** The environment of the container's image; a sandbox without an image has none. */
function imageEnvironment(isolation: Phase['boot']['isolation']): Record<string, string> {
  if (isolation !== 'container') return {};
  const own = Object.entries(process.env).filter(([name]) => !ofService.test(name));
  return Object.fromEntries(own.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/**
 * Environment of every command inside: the image's own, the addresses of the gateway, and the spec's variables, which
 * win. Those that a spec may not set are refused when it is checked.
 */
export function commandEnvironment(phase: Phase): Record<string, string> {
  const { boot, spec, relay } = phase;
  const { paths } = boot;
  const image = imageEnvironment(boot.isolation);
  // A client of a service does not ask the proxy for it, by whichever name it is reached.
  const direct = [...ownHosts, ...Object.keys(spec.sandbox.services ?? {})].join(',');
  const system = image.PATH ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  return {
    ...image,
    USER: 'agent',
    LOGNAME: 'agent',
    SHELL: '/bin/sh',
    LANG: 'C.UTF-8',
    CI: 'true',
    // Programs that honour these variables reach the allowed hosts; other programs have no network access.
    HTTPS_PROXY: relay,
    https_proxy: relay,
    HTTP_PROXY: relay,
    http_proxy: relay,
    NO_PROXY: direct,
    no_proxy: direct,
    // Node's own fetch uses the proxy then, from version 24 on.
    NODE_USE_ENV_PROXY: '1',
    ...trustVariables(paths.deps),
    ...managerVariables(relay, paths.deps, paths.tmp, phase.egress),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    ...spec.sandbox.env,
    PATH: [`${paths.tools}/bin`, ...managerPaths(paths.deps, paths.workspace), ...boot.toolPaths, system].join(':'),
    HOME: paths.home,
    TMPDIR: paths.tmp,
  };
}

/**
 * Environment of the runner's own commands, such as `tar`: a package may bring a program of the same name, and a variable
 * of the spec may name one to run.
 */
export function ownEnvironment(phase: Phase): Record<string, string> {
  const names = Object.keys(phase.spec.sandbox.env);
  const own = Object.entries(commandEnvironment(phase)).filter(([name]) => !names.includes(name));
  return { ...Object.fromEntries(own), PATH: `${phase.boot.paths.tools}/bin:/usr/local/bin:/usr/bin:/bin` };
}

/** Additional environment of an agent: prompt file, model addresses, and the key for the gateway. */
export function agentEnvironment(phase: Phase, promptFile: string): Record<string, string> {
  const { boot, spec, relay } = phase;
  const provider = spec.agent?.provider;
  return {
    ...commandEnvironment(phase),
    DRYDOCK_PHASE: spec.phase,
    DRYDOCK_OUT: boot.paths.out,
    DRYDOCK_INBOX: join(boot.paths.out, inboxFile),
    DRYDOCK_PROMPT_FILE: promptFile,
    ...(spec.phase === 'review' ? { DRYDOCK_CHANGE: join(boot.paths.home, changeFile) } : {}),
    DRYDOCK_GATEWAY: relay,
    DRYDOCK_KEY: boot.agentSecret,
    ...(provider === undefined ? {} : modelEnvironment(provider, spec.agent?.providerKind, relay, boot.agentSecret)),
  };
}

/** Base URL and key under the variable names of each vendor's tools. */
function modelEnvironment(
  provider: string,
  kind: ProviderKind | undefined,
  relay: string,
  key: string,
): Record<string, string> {
  const base = `${relay}/model/${provider}`;
  const anthropic = { ANTHROPIC_BASE_URL: base, ANTHROPIC_API_KEY: key };
  switch (kind ?? provider) {
    case 'google':
    case 'vertex':
      return { GOOGLE_GEMINI_BASE_URL: base, GEMINI_API_KEY: key };
    case 'anthropic':
      return anthropic;
    case 'bedrock':
      // Programs for Anthropic's interface, and those that use Amazon's client.
      return {
        ...anthropic,
        AWS_ENDPOINT_URL_BEDROCK_RUNTIME: base,
        AWS_BEARER_TOKEN_BEDROCK: key,
        AWS_REGION: 'us-east-1',
      };
    case 'openai':
      return { OPENAI_BASE_URL: `${base}/v1`, OPENAI_API_KEY: key };
    default:
      return {};
  }
}

/** Of an agent's home: the change as a unified diff, where an agent reviews one. */
export const changeFile = '.drydock-change.diff';

/** In `$DRYDOCK_OUT`: what people say while the agent works, a line of JSON `{by, text, now}` each. */
export const inboxFile = 'inbox.ndjson';

export const promptFileName = '.drydock-prompt.md';

export const promptFileIn = (home: string): string => join(home, promptFileName);
