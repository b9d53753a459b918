import type { Agent } from './agent.ts';
import { claudeCode } from './claude-code.ts';
import { codex } from './codex.ts';
import { copilot } from './copilot.ts';
import { gemini } from './gemini.ts';
import type { AgentName } from './names.ts';
import { opencode } from './opencode.ts';
import { pi } from './pi.ts';

export const agents: Readonly<Record<AgentName, Agent>> = {
  'claude-code': claudeCode,
  codex,
  copilot,
  gemini,
  opencode,
  pi,
};

/** The agent that a program belongs to, for profiles that name the program themselves. */
export const agentOfProgram = (program: string): Agent | undefined =>
  Object.values(agents).find((agent) => agent.program === program);
