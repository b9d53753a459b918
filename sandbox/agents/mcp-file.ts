import { join } from 'node:path';
import type { AgentServer } from '../../core/agents/agent.ts';
import { mcpConfiguration } from '../../core/agents/mcp-configuration.ts';
import type { Phase } from '../runner/phase.ts';

const name = '.drydock/mcp.json';

/** The servers in the form that most programs read, for an agent that the product does not know. */
export const mcpFile = (servers: readonly AgentServer[]): Record<string, string> => ({
  [name]: mcpConfiguration(servers),
});
export const mcpEnvironment = ({ boot }: Phase): Record<string, string> => ({
  DRYDOCK_MCP_CONFIG: join(boot.paths.home, name),
});
