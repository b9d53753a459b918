import type { Job } from '../../ports/runtime/thread.ts';
import type { GuardInput } from '../input.ts';
import { type WeakenedInput, weakenedTests } from '../weakened.ts';
import { type Attention, comparison } from './jobs.ts';
import { ordersInChange } from './orders.ts';
import { shownFirst } from './shown-first.ts';

export const attentionJob: Job<WeakenedInput & Pick<GuardInput, 'tree'>, Attention> = {
  ...comparison,
  run: (input) => ({ weakened: weakenedTests(input), first: [...shownFirst(input), ...ordersInChange(input)] }),
};
