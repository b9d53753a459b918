import type { Row, Status } from './journal.ts';

export interface Execution {
  name: string;
  status: Status;
  input: unknown;
  output?: unknown;
  error?: string;
  cause?: string;
  /** ISO 8601. */
  startedAt: string;
  endedAt?: string;
  /** Where it is, while it runs. */
  state?: string;
  waiting?: 'token' | 'timer';
  /** States entered, as Step Functions counts and charges them. */
  transitions: number;
}

/** A stored execution as the API shows it. */
export function view(row: Row): Execution {
  const running = row.status === 'RUNNING';
  return {
    name: row.name,
    status: row.status,
    input: JSON.parse(row.input) as unknown,
    startedAt: new Date(row.startedAt).toISOString(),
    transitions: row.visit,
    ...(row.output === null ? {} : { output: JSON.parse(row.output) as unknown }),
    ...(row.error === null ? {} : { error: row.error }),
    ...(row.cause === null ? {} : { cause: row.cause }),
    ...(row.endedAt === null ? {} : { endedAt: new Date(row.endedAt).toISOString() }),
    ...(running ? { state: row.state } : {}),
    ...(running && row.stage === 'token' ? { waiting: 'token' as const } : {}),
    ...(running && (row.stage === 'wait' || row.stage === 'retry') ? { waiting: 'timer' as const } : {}),
  };
}
