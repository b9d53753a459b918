import type { JobName } from '../../ports/runtime/thread.ts';
import type { GuardInput } from '../input.ts';
import type { Violation } from '../violation.ts';
import type { Weakened, WeakenedInput } from '../weakened.ts';
import type { ShownFirst } from './shown-first.ts';

/** What an approver sees before the rest of a change (R45). */
export interface Attention {
  weakened: Weakened[];
  first: ShownFirst[];
}

/** What the thread does for the guard. Steps have the names alone: the code, with its parsers, is loaded by the thread. */
export const guardOfChange: JobName<GuardInput, Violation[]> = { name: 'guard of the change' };
export const comparison: JobName<WeakenedInput & Pick<GuardInput, 'tree'>, Attention> = {
  name: 'comparison of the tests and settings',
};
