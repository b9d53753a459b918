import type { ErrorName } from '../../core/errors.ts';
import type { WorkPatch } from '../../core/ports/store/phases.ts';
import type { PhaseAnswer } from '../payloads.ts';

/** An answer that is taken, and what it changes of the run. */
export interface Taken {
  answer: PhaseAnswer;
  patch: WorkPatch;
}

export type TakenOrNot = Taken | { faults: string } | { fault: ErrorName; message: string };
