import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { AgentSpec } from '../../core/run/phase.ts';

/**
 * Writes the configuration that known agents read from their home: no telemetry, no updates, the gateway's key. The
 * agent is recognized by its program's name; an unknown agent gets an empty home and the environment.
 */
export async function prepareHome(home: string, agent: AgentSpec): Promise<void> {
  const isGemini = agent.command.some((part) => /^gemini(?:\.js)?$/.test(basename(part)));
  if (isGemini) await write(home, '.gemini/settings.json', geminiSettings(agent.model));
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

async function write(home: string, file: string, value: unknown): Promise<void> {
  const target = join(home, file);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, `${JSON.stringify(value, null, 2)}\n`);
}
