import { evaluate, type Scope } from '../asl/expression.ts';
import { bounded, maxVariablesBytes } from '../asl/json.ts';
import type { StateMachine } from '../asl/types.ts';
import type { EngineEvent } from '../options.ts';
import type { HistoryRow, Row, Stage, Status } from '../store/rows.ts';

/** Assign and Output of a state, choice or catcher. */
interface Shaping {
  Assign?: Record<string, unknown>;
  Output?: unknown;
}

/** Step Functions ends an execution after 25,000 history events; this ends endless loops. */
const maxEvents = 25_000;
const account = 'arn:aws:states:local:000000000000';

/**
 * One transition of an execution: the changed row, the ended visits and the events. Nothing of it is visible before the
 * engine has written it to the journal.
 */
export class Transition {
  readonly row: Row;
  readonly machine: StateMachine;
  readonly now: number;
  readonly left: HistoryRow[] = [];
  readonly events: EngineEvent[] = [];
  readonly #machineName: string;

  constructor(row: Row, machine: StateMachine, machineName: string, now: number) {
    this.row = { ...row };
    this.machine = machine;
    this.now = now;
    this.#machineName = machineName;
  }

  /** `$states`, the variables and the time for the current state. */
  scope(more: Record<string, unknown> = {}): Scope {
    const { row } = this;
    const machineName = this.#machineName;
    const context = {
      Execution: {
        Id: `${account}:execution:${machineName}:${row.name}`,
        Input: JSON.parse(row.input) as unknown,
        Name: row.name,
        RoleArn: 'arn:aws:iam::000000000000:role/local',
        StartTime: iso(row.startedAt),
        RedriveCount: 0,
      },
      StateMachine: { Id: `${account}:stateMachine:${machineName}`, Name: machineName },
      State: { Name: row.state, EnteredTime: iso(row.enteredAt), RetryCount: row.attempt },
    };
    return {
      states: { input: JSON.parse(row.value) as unknown, context, ...more },
      variables: JSON.parse(row.variables) as Record<string, unknown>,
      now: this.now,
    };
  }

  enter(state: string): void {
    const { row, now } = this;
    Object.assign(row, {
      state,
      visit: row.visit + 1,
      transitions: row.transitions + 1,
      events: row.events + 2,
      enteredAt: now,
      retries: '[]',
      attempt: 0,
    } satisfies Partial<Row>);
    this.tell('StateEntered');
    if (row.events > maxEvents)
      this.end('FAILED', { error: 'States.Runtime', cause: `More than ${maxEvents} events.` });
  }

  /** Makes the execution wait. @param deadline Epoch milliseconds at which the wait ends. */
  park(stage: Stage, deadline: number): void {
    const { expiresAt } = this.row;
    const due = expiresAt === null ? deadline : Math.min(deadline, expiresAt);
    Object.assign(this.row, { stage, deadline, due } satisfies Partial<Row>);
  }

  /**
   * Leaves the state. Assign and Output both read the variables from before it.
   * @throws StateError; then nothing is changed.
   */
  async leave(from: Shaping, scope: Scope, otherwise: unknown, error: string | null = null): Promise<void> {
    const { row } = this;
    const [output, assigned] = await Promise.all([
      from.Output === undefined ? otherwise : evaluate(from.Output, scope),
      from.Assign === undefined ? undefined : evaluate(from.Assign, scope),
    ]);
    const value = bounded(output, `The output of ${row.state}`);
    if (assigned !== undefined) {
      bounded(assigned, `Assign of ${row.state}`);
      const variables = { ...scope.variables, ...(assigned as Record<string, unknown>) };
      row.variables = bounded(variables, 'All variables together', maxVariablesBytes);
    }
    row.value = value;
    this.tell('StateExited', error === null ? {} : { error });
    this.#close(error);
  }

  /** Ends the execution. If it succeeded, its value is the output. */
  end(status: Status, failure?: { error: string; cause: string }): void {
    const { row, now } = this;
    if (failure) this.#close(failure.error);
    Object.assign(row, {
      status,
      output: status === 'SUCCEEDED' ? row.value : null,
      error: failure?.error ?? null,
      cause: failure?.cause ?? null,
      endedAt: now,
      deadline: null,
      due: null,
      value: 'null',
      variables: '{}',
    } satisfies Partial<Row>);
    const event: EngineEvent = { type: 'ExecutionEnded', execution: row.name, at: iso(now), status };
    this.events.push(failure ? { ...event, error: failure.error } : event);
  }

  tell(type: EngineEvent['type'], more: Partial<EngineEvent> = {}): void {
    const { name, state, visit } = this.row;
    this.events.push({ type, execution: name, state, visit, at: iso(this.now), ...more });
  }

  #close(error: string | null): void {
    const { name, visit, state, enteredAt, attempt } = this.row;
    this.left.push({ name, visit, state, enteredAt, exitedAt: this.now, retries: attempt, error });
  }
}

export const iso = (ms: number): string => new Date(ms).toISOString();
