import type { PhaseResult } from '../../core/run/phase.ts';
import type { McpServers } from '../mcp/servers.ts';
import type { Phase } from '../runner/phase.ts';

/** The end of an agent's session. It is telemetry: the exit code does not decide the outcome (law 3). */
export type AgentEnd = NonNullable<PhaseResult['agent']> & { timedOut: boolean; output: string };

/** Runs one kind of agent in the inner layer. Its outputs are read from the work tree and `$DRYDOCK_OUT`. */
export type AgentDriver = (phase: Phase, mcp: McpServers) => Promise<AgentEnd>;
