import type { Agent } from './agent.ts';

/** https://geminicli.com/docs/get-started/configuration */
export const gemini: Agent = {
  name: 'gemini',
  title: 'Gemini CLI',
  program: 'gemini',
  licence: { id: 'Apache-2.0', kind: 'open' },
  driver: 'acp',
  kinds: ['google', 'vertex'],
  takesMcp: true,
  start: ({ model, base, servers }) => ({
    args: ['--acp'],
    env: { GOOGLE_GEMINI_BASE_URL: base, GEMINI_CLI_NO_RELAUNCH: '1' },
    files: {
      '.gemini/settings.json': `${JSON.stringify(
        {
          general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
          privacy: { usageStatisticsEnabled: false },
          telemetry: { enabled: false },
          security: { auth: { selectedType: 'gemini-api-key' }, folderTrust: { enabled: false } },
          // Its own search and fetch tools run at the vendor and bypass the gateway.
          tools: { exclude: ['google_web_search', 'web_fetch'] },
          ...(model === undefined ? {} : { model: { name: model } }),
          mcpServers: Object.fromEntries(
            servers.map(({ name, tools, at }) => [
              name,
              {
                ...('url' in at ? { httpUrl: at.url } : { command: at.program, args: at.args, env: at.env }),
                includeTools: tools,
                trust: true,
                timeout: 900_000,
              },
            ]),
          ),
        },
        null,
        2,
      )}\n`,
    },
  }),
};
