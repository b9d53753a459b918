import { join } from 'node:path';
import type { Phase } from '../phase.ts';

/** Environment of every command inside: constants, the spec's own variables, and the addresses of the gateway. */
export function commandEnvironment(phase: Phase): Record<string, string> {
  const { boot, spec, relay } = phase;
  const { paths } = boot;
  const port = new URL(relay).port;
  const proxy = `http://agent:${boot.agentSecret}@127.0.0.1:${port}`;
  return {
    ...spec.sandbox.env,
    PATH: [`${paths.tools}/bin`, `${paths.workspace}/node_modules/.bin`, '/usr/local/bin', '/usr/bin', '/bin'].join(
      ':',
    ),
    HOME: paths.home,
    USER: 'agent',
    LOGNAME: 'agent',
    SHELL: '/bin/sh',
    LANG: 'C.UTF-8',
    TMPDIR: paths.tmp,
    CI: 'true',
    // Programs that honour these variables reach the allowed hosts; other programs have no network access.
    HTTPS_PROXY: proxy,
    https_proxy: proxy,
    HTTP_PROXY: proxy,
    http_proxy: proxy,
    NO_PROXY: '127.0.0.1,localhost',
    no_proxy: '127.0.0.1,localhost',
    npm_config_registry: `${relay}/registry/npm/`,
    npm_config_replace_registry_host: 'always',
    npm_config_update_notifier: 'false',
    npm_config_fund: 'false',
    npm_config_audit: 'false',
    // The gateway is local, so an error is likely to repeat; npm's default of a minute between attempts would waste
    // time.
    npm_config_fetch_retry_mintimeout: '500',
    npm_config_fetch_retry_maxtimeout: '2000',
    npm_config_cache: join(paths.tmp, '.npm'),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
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
    DRYDOCK_PROMPT_FILE: promptFile,
    DRYDOCK_GATEWAY: relay,
    DRYDOCK_KEY: boot.agentSecret,
    ...(provider === undefined ? {} : modelEnvironment(provider, relay, boot.agentSecret)),
  };
}

/** Base URL and key under the variable names of each vendor's tools. */
function modelEnvironment(provider: string, relay: string, key: string): Record<string, string> {
  const base = `${relay}/model/${provider}`;
  switch (provider) {
    case 'google':
      return { GOOGLE_GEMINI_BASE_URL: base, GEMINI_API_KEY: key };
    case 'anthropic':
      return { ANTHROPIC_BASE_URL: base, ANTHROPIC_API_KEY: key };
    case 'openai':
      return { OPENAI_BASE_URL: `${base}/v1`, OPENAI_API_KEY: key };
    default:
      return {};
  }
}

export const promptFileName = '.drydock-prompt.md';

export const promptFileIn = (home: string): string => join(home, promptFileName);
