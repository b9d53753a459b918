import type { AgentSpec } from '../../core/run/phase.ts';
import { layout } from '../layout.ts';
import type { Phase } from '../runner/phase.ts';
import type { Known } from './known.ts';

/** `/agent` as a path, or after `=` or `:`, as in `--config=/agent/rules.json`. */
const agentFolder = new RegExp(`(^|[=:])${layout.agent}(?=/|$)`, 'g');

/**
 * The command line of a profile for this sandbox. A policy writes `/agent` for the folder with the profile's files;
 * without a sandbox that folder is elsewhere, so the path is replaced.
 */
export function agentCommand(phase: Phase, agent: AgentSpec, known: Known | undefined): string[] {
  // A profile that names the program itself names its arguments too.
  if (agent.known !== undefined && known !== undefined) return [...agent.command, ...known.start.args];
  return inAgentFolder(phase, agent.command);
}

/** A command of the policy with the folder as it is in this sandbox. */
export function inAgentFolder({ boot }: Phase, command: readonly string[]): string[] {
  const { agent: folder } = boot.paths;
  if (folder === null || folder === layout.agent) return [...command];
  return command.map((part) => part.replace(agentFolder, (_found, before: string) => `${before}${folder}`));
}
