import type { Agent } from './agent.ts';
import { mcpConfiguration } from './mcp-configuration.ts';

const mcpConfig = '.copilot-mcp.json';

/** https://docs.github.com/en/copilot/reference/cli-command-reference */
export const copilot: Agent = {
  name: 'copilot',
  title: 'GitHub Copilot CLI',
  program: 'copilot',
  licence: { id: 'LicenseRef-GitHub-Copilot', kind: 'proprietary' },
  driver: 'acp',
  kinds: ['openai', 'anthropic'],
  takesMcp: true,
  start: ({ model, base, kind, key, home, servers }) => ({
    args: [
      ...['--acp', '--allow-all-tools', '--no-auto-update', '--disable-builtin-mcps', '--no-ask-user'],
      ...['--additional-mcp-config', `@${home}/${mcpConfig}`],
      ...['--no-custom-instructions', '--no-remote', '--disable-client-telemetry'],
    ],
    env: {
      COPILOT_HOME: `${home}/.copilot`,
      COPILOT_OFFLINE: 'true',
      COPILOT_AUTO_UPDATE: 'false',
      COPILOT_PROVIDER_API_KEY: key,
      COPILOT_PROVIDER_TYPE: kind === 'anthropic' ? 'anthropic' : 'openai',
      COPILOT_PROVIDER_BASE_URL: kind === 'anthropic' ? base : `${base}/v1`,
      ...(model === undefined ? {} : { COPILOT_MODEL: model }),
    },
    files: {
      [mcpConfig]: mcpConfiguration(servers, ({ tools, at }) => ({ tools, ...('url' in at ? {} : { type: 'local' }) })),
    },
  }),
};
