import type { Deps } from '../deps.ts';
import type { Outcome } from '../payloads.ts';
import { settle } from '../steps/result/settle.ts';

/** Settles a run whose state machine can no longer do so. Idempotent. */
export const endRun = (deps: Deps, runId: string, outcome: Outcome): Promise<unknown> =>
  settle(deps)({ runId, outcome });
