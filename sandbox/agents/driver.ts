import type { PhaseResult } from '../../core/run/phase.ts';
import type { Phase } from '../runner/phase.ts';

/** How an agent's session ended. Telemetry: an exit code is no verdict (law 3). */
export type AgentEnd = NonNullable<PhaseResult['agent']> & { timedOut: boolean; output: string };

/** Drives one kind of agent in the inner layer, from prompt to end. What it leaves is read from work tree and `$DRYDOCK_OUT`. */
export type AgentDriver = (phase: Phase) => Promise<AgentEnd>;
