import type { Remark } from '../../remark/remark.ts';
import type { PhaseAttempt } from './launcher.ts';

/** Brings to a running phase what people say to its agent. */
export interface PhaseInbox {
  /**
   * Hands over all that was said in the run so far; the phase passes on what its prompt does not have. A phase that does not
   * run, or has no agent, takes no notice: the prompts of later phases have it.
   */
  deliver(phase: PhaseAttempt, remarks: readonly Remark[]): Promise<void>;
}
