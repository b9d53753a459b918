/** The result of a webhook, for the log. */
export interface HookOutcome {
  outcome: 'done' | 'refused' | 'ignored';
  reason: string;
}

export const done = (reason: string): HookOutcome => ({ outcome: 'done', reason });
export const refused = (reason: string): HookOutcome => ({ outcome: 'refused', reason });
export const ignored = (reason: string): HookOutcome => ({ outcome: 'ignored', reason });
