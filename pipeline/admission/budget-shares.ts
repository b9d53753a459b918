import type { BudgetView } from '../../core/ports/store/ledger.ts';

/** The shares of a budget, in percent, that the promised money has reached. */
export function sharesReached(
  shares: readonly number[],
  { committedMicros, limitMicros }: Pick<BudgetView, 'committedMicros' | 'limitMicros'>,
): number[] {
  if (limitMicros <= 0) return [];
  const percent = Math.floor((committedMicros * 100) / limitMicros);
  return shares.filter((share) => percent >= share);
}
