import { basename } from 'node:path';
import type { AgentSpec } from '../../core/run/phase.ts';

/**
 * The configuration that known agents read from their home, by path: no telemetry, no updates, the gateway's key. The
 * agent is recognized by its program's name; an unknown agent gets an empty home and the environment.
 */
export function homeFiles(agent: AgentSpec): Record<string, string> {
  const isGemini = agent.command.some((part) => /^gemini(?:\.js)?$/.test(basename(part)));
  return isGemini ? { '.gemini/settings.json': `${JSON.stringify(geminiSettings(agent.model), null, 2)}\n` } : {};
}

/** gemini-cli 0.61: https://geminicli.com/docs/get-started/configuration */
const geminiSettings = (model: string | undefined): unknown => ({
  general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
  privacy: { usageStatisticsEnabled: false },
  telemetry: { enabled: false },
  security: { auth: { selectedType: 'gemini-api-key' }, folderTrust: { enabled: false } },
  // The agent's own search and fetch tools run at the vendor and bypass the gateway.
  tools: { exclude: ['google_web_search', 'web_fetch'] },
  ...(model === undefined ? {} : { model: { name: model } }),
});
