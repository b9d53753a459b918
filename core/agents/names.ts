/** Names of the agents that the product knows. */
export const agentNames = ['claude-code', 'codex', 'copilot', 'gemini', 'opencode', 'pi'] as const;
export type AgentName = (typeof agentNames)[number];
