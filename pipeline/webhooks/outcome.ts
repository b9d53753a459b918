/** The outcome of a delivery, for the log: one line that a person can act on. */
export interface HookOutcome {
  outcome: 'done' | 'refused' | 'ignored';
  reason: string;
}

export const done = (reason: string): HookOutcome => ({ outcome: 'done', reason });
export const refused = (reason: string): HookOutcome => ({ outcome: 'refused', reason });
export const ignored = (reason: string): HookOutcome => ({ outcome: 'ignored', reason });
