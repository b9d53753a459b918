import { z } from 'zod';
import { phaseNames } from './phase.ts';

/** A phase of a run; stored with the token so that recovery can launch the next attempt from it. */
export const phaseRequest = z.strictObject({
  runId: z.string(),
  phase: z.enum(phaseNames),
  round: z.int().positive(),
  /** Review: which of the task's reviewers, counted from 0. */
  reviewer: z.int().nonnegative().exactOptional(),
});
export type PhaseRequest = z.infer<typeof phaseRequest>;

export const phaseIdOf = ({ runId, phase, round }: PhaseRequest): string => `${runId}/${phase}/${round}`;
