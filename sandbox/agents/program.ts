import type { AgentSpec } from '../../core/run/phase.ts';
import { layout } from '../layout.ts';
import type { Phase } from '../runner/phase.ts';

/** `/agent` as a path of its own or after `=` or `:`, as in `--config=/agent/rules.json`. */
const agentFolder = new RegExp(`(^|[=:])${layout.agent}(?=/|$)`, 'g');

/**
 * The command of a profile as it is started here. A policy writes `/agent` for the folder with the profile's files; without
 * a sandbox nothing is mounted there, and the folder is another one.
 */
export function agentCommand(phase: Phase, agent: AgentSpec): string[] {
  const { agent: folder } = phase.boot.paths;
  if (folder === null || folder === layout.agent) return agent.command;
  return agent.command.map((part) => part.replace(agentFolder, (_found, before: string) => `${before}${folder}`));
}
