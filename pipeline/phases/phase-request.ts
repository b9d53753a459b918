import type { PhaseName } from '../../core/run/phase.ts';

/** Which phase of which run; stored with the token so that recovery can launch the next try from it. */
export interface PhaseRequest {
  runId: string;
  phase: PhaseName;
  round: number;
}

export const phaseIdOf = ({ runId, phase, round }: PhaseRequest): string => `${runId}/${phase}/${round}`;
