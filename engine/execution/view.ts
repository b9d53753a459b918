import type { HistoryRow, Row, Status } from '../store/rows.ts';
import { iso } from './transition.ts';

export interface Execution {
  name: string;
  status: Status;
  input: unknown;
  /** Output of a successful execution. */
  output?: unknown;
  error?: string;
  cause?: string;
  /** ISO 8601. */
  startedAt: string;
  endedAt?: string;
  /** Current state of a running execution. */
  state?: string;
  /** What a waiting execution waits for. */
  waiting?: 'token' | 'timer';
  /** States entered and retries, as Step Functions counts and charges them. */
  transitions: number;
}

/** A visit of a state. */
export interface Visit {
  state: string;
  /** Counts entered states, from 1. */
  visit: number;
  /** ISO 8601. */
  enteredAt: string;
  exitedAt?: string;
  retries: number;
  /** The error that was caught, or that ended the execution. */
  error?: string;
}

/** The API's view of a stored execution. */
export function executionOf(row: Row): Execution {
  const running = row.status === 'RUNNING';
  const waiting = running && row.stage !== 'invoke' ? (row.stage === 'token' ? 'token' : 'timer') : undefined;
  return {
    name: row.name,
    status: row.status,
    input: JSON.parse(row.input) as unknown,
    startedAt: iso(row.startedAt),
    transitions: row.transitions,
    ...(row.output === null ? {} : { output: JSON.parse(row.output) as unknown }),
    ...(row.error === null ? {} : { error: row.error }),
    ...(row.cause === null ? {} : { cause: row.cause }),
    ...(row.endedAt === null ? {} : { endedAt: iso(row.endedAt) }),
    ...(running ? { state: row.state } : {}),
    ...(waiting === undefined ? {} : { waiting }),
  };
}

/** The ended visits, and the current one of a running execution. */
export function visitsOf(row: Row, ended: HistoryRow[]): Visit[] {
  const visits: Visit[] = ended.map(({ state, visit, enteredAt, exitedAt, retries, error }) => ({
    state,
    visit,
    enteredAt: iso(enteredAt),
    exitedAt: iso(exitedAt),
    retries,
    ...(error === null ? {} : { error }),
  }));
  const { state, visit, enteredAt, attempt: retries } = row;
  return row.status === 'RUNNING' ? [...visits, { state, visit, enteredAt: iso(enteredAt), retries }] : visits;
}
