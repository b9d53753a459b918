import type { ProviderKind } from '../models/endpoint.ts';
import type { Agent } from './agent.ts';

/** The package of its model library for each interface; they are part of the program. */
const libraries: Readonly<Partial<Record<ProviderKind, string>>> = {
  anthropic: '@ai-sdk/anthropic',
  bedrock: '@ai-sdk/anthropic',
  google: '@ai-sdk/google',
  vertex: '@ai-sdk/google',
};
const versions: Readonly<Partial<Record<ProviderKind, string>>> = { google: 'v1beta', vertex: 'v1beta' };

/** https://opencode.ai/docs/config */
export const opencode: Agent = {
  name: 'opencode',
  title: 'opencode',
  program: 'opencode',
  licence: { id: 'MIT', kind: 'open' },
  driver: 'acp',
  kinds: ['openai', 'anthropic', 'google', 'bedrock', 'vertex'],
  takesMcp: true,
  start: ({ model = 'model', base, kind, home, servers }) => ({
    args: ['acp', '--pure'],
    env: {
      OPENCODE_CONFIG: `${home}/.opencode.json`,
      OPENCODE_DISABLE_AUTOUPDATE: '1',
      OPENCODE_DISABLE_MODELS_FETCH: '1',
      OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
      OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
      OPENCODE_DISABLE_CLAUDE_CODE: '1',
      OPENCODE_DISABLE_SHARE: '1',
    },
    files: {
      '.opencode.json': `${JSON.stringify(
        {
          $schema: 'https://opencode.ai/config.json',
          model: `drydock/${model}`,
          small_model: `drydock/${model}`,
          autoupdate: false,
          share: 'disabled',
          enabled_providers: ['drydock'],
          provider: {
            drydock: {
              npm: libraries[kind] ?? '@ai-sdk/openai-compatible',
              name: 'Drydock',
              options: { baseURL: `${base}/${versions[kind] ?? 'v1'}`, apiKey: '{env:DRYDOCK_KEY}' },
              models: { [model]: { name: model, tool_call: true } },
            },
          },
          mcp: Object.fromEntries(
            servers.map(({ name, at }) => [
              name,
              'url' in at
                ? { type: 'remote', url: at.url, enabled: true, oauth: false }
                : { type: 'local', command: [at.program, ...at.args], environment: at.env, enabled: true },
            ]),
          ),
          permission: { edit: 'allow', bash: 'allow', webfetch: 'deny', websearch: 'deny' },
        },
        null,
        2,
      )}\n`,
    },
  }),
};
