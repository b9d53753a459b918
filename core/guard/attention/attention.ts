import type { Job } from '../../ports/runtime/thread.ts';
import type { GuardInput } from '../input.ts';
import { mayWeaken, type Weakened, type WeakenedInput, weakenedTests } from '../weakened.ts';
import { isProse, ordersInChange } from './orders.ts';
import { mayBeShownFirst, type ShownFirst, shownFirst } from './shown-first.ts';

/** What an approver sees before the rest of a change (R45). */
export interface Attention {
  weakened: Weakened[];
  first: ShownFirst[];
}

/** Whether the content of a path at the base is compared. */
export const mayNeedAttention = (path: string): boolean => mayWeaken(path) || mayBeShownFirst(path) || isProse(path);

export const attentionJob: Job<WeakenedInput & Pick<GuardInput, 'tree'>, Attention> = {
  name: 'comparison of the tests and settings',
  run: (input) => ({ weakened: weakenedTests(input), first: [...shownFirst(input), ...ordersInChange(input)] }),
};
