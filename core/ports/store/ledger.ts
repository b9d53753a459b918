import type { ModelCall } from '../../run/phase.ts';

/** A team's budget in one sprint, in micro-US-dollars. */
export interface BudgetView {
  team: string;
  sprint: string;
  limitMicros: number;
  /** Settled plus reserved; never above the limit. */
  committedMicros: number;
  settledMicros: number;
  runs: { runId: string; taskId: string; reservedMicros: number; settledMicros: number | null }[];
}

/** Money: reservations in sprint budgets, and the model calls that were charged. */
export interface Ledger {
  /** Reserves a run's cap in a sprint budget, once. @throws BudgetExceeded. */
  reserve(request: {
    runId: string;
    taskId: string;
    team: string;
    sprint: string;
    capMicros: number;
    limitMicros: number;
  }): Promise<void>;
  /** Replaces a reservation by the amount spent, once. Without a reservation it changes nothing. */
  settle(request: { runId: string; team: string; sprint: string; spentMicros: number }): Promise<void>;
  budget(team: string, sprint: string): Promise<BudgetView | undefined>;
  /** The sums of a budget, without its runs: it costs the same however many there are. */
  sums(team: string, sprint: string): Promise<Pick<BudgetView, 'limitMicros' | 'committedMicros'> | undefined>;
  /** Records model calls, each once per id. */
  recordCalls(runId: string, calls: ModelCall[]): Promise<void>;
  calls(runId: string): Promise<ModelCall[]>;
}
