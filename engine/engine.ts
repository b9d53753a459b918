import type { StateMachine } from './asl.ts';
import { type EngineClock, longestTimerMs, realClock } from './clock.ts';
import { EngineClosed, ExecutionAlreadyExists, ExecutionDoesNotExist, InvalidName, TaskTimedOut } from './errors.ts';
import { type Execution, view } from './execution.ts';
import { bounded } from './expression.ts';
import { Interpreter } from './interpreter.ts';
import { type HistoryEntry, Journal, type Row, type Status } from './journal.ts';
import { load } from './load.ts';
import type { EngineEvent, EngineOptions } from './options.ts';
import { sameToken, tokenOf } from './token.ts';

export type { Execution } from './execution.ts';
export type { EngineEvent, EngineOptions, InvokeContext } from './options.ts';

/**
 * The embedded engine. Executions are rows of the journal; only those that work at the moment are in memory. Every
 * state's end is on disk before the next begins, so that nothing finished is ever repeated.
 */
export class Engine {
  readonly #journal: Journal;
  readonly #clock: EngineClock;
  readonly #interpreter: Interpreter;
  readonly #definition: string;
  readonly #machine: StateMachine;
  /** Executions at work, with what aborts them. */
  readonly #working = new Map<string, { row: Row; abort: AbortController; done: Promise<void> }>();
  readonly #waiters = new Map<string, ((execution: Execution) => void)[]>();
  readonly #onEvent: (event: EngineEvent) => void;
  #timer: { at: number; cancel(): void } | undefined;
  #closed = false;

  /** @throws DefinitionRefused, EngineBusy. */
  static open(options: EngineOptions): Engine {
    return new Engine(options);
  }

  private constructor(options: EngineOptions) {
    this.#machine = load(options.definition);
    this.#journal = new Journal(options.file);
    this.#definition = this.#journal.define(this.#machine);
    this.#clock = options.clock ?? realClock;
    this.#onEvent = options.onEvent ?? (() => undefined);
    this.#interpreter = new Interpreter({
      name: options.name,
      invoke: options.invoke,
      clock: this.#clock,
      random: options.random ?? Math.random,
      token: (row) => tokenOf(this.#journal.secret, row),
      onEvent: this.#onEvent,
    });
  }

  /**
   * Starts an execution once per name. `started: false` when the same name runs with the same input.
   * @throws ExecutionAlreadyExists, InvalidName, StateError States.DataLimitExceeded.
   */
  async start(name: string, input: unknown): Promise<{ started: boolean }> {
    this.#refuseClosed();
    if (!/^[A-Za-z0-9_-]{1,80}$/.test(name)) throw new InvalidName(`${JSON.stringify(name)} is no execution name`);
    const value = bounded(input, 'The input');
    const there = this.#row(name);
    if (there) {
      if (there.status === 'RUNNING' && there.input === value) return { started: false };
      throw new ExecutionAlreadyExists(`${name} exists: ${there.status}`);
    }
    const now = this.#clock.now();
    const limit = this.#machine.TimeoutSeconds;
    const expiresAt = limit === undefined ? null : now + limit * 1000;
    const row: Row = {
      name,
      definition: this.#definition,
      status: 'RUNNING',
      input: value,
      output: null,
      error: null,
      cause: null,
      startedAt: now,
      endedAt: null,
      expiresAt,
      state: this.#machine.StartAt,
      visit: 1,
      enteredAt: now,
      stage: 'run',
      retries: '{}',
      tries: 0,
      value,
      variables: '{}',
      answer: null,
      due: expiresAt,
    };
    this.#emit({ type: 'ExecutionStarted', execution: name, at: now });
    // On the books of this process before it is on disk, so that a second start in the same turn sees it.
    const written = this.#journal.write(row);
    this.#work(row, written);
    await written;
    return { started: true };
  }

  describe(name: string): Execution | undefined {
    const row = this.#row(name);
    return row && view(row);
  }

  list(filter: { status?: Status } = {}): Execution[] {
    return this.#journal.all(filter.status).map(view);
  }

  history(name: string): HistoryEntry[] {
    const entries = this.#journal.historyOf(name);
    const row = this.#row(name);
    if (row?.status === 'RUNNING') {
      const { state, visit, enteredAt, tries } = row;
      entries.push({ state, visit, enteredAt, exitedAt: null, retries: tries, error: null });
    }
    return entries;
  }

  /** Takes up every unfinished execution; returns how many there are. */
  async resume(): Promise<number> {
    this.#refuseClosed();
    const names = this.#journal.names('RUNNING');
    for (const name of names) {
      if (this.#working.has(name)) continue;
      const row = this.#journal.load(name);
      if (row && (row.stage === 'run' || row.answer !== null)) this.#work(row);
    }
    this.#arm();
    return names.length;
  }

  /** Durable when it resolves. @throws TaskTimedOut. */
  async sendTaskSuccess(token: string, output: unknown): Promise<void> {
    await this.#answer(token, { output: JSON.parse(bounded(output, 'The output')) as unknown });
  }

  /** Durable when it resolves. @throws TaskTimedOut. */
  async sendTaskFailure(token: string, error: string, cause: string): Promise<void> {
    await this.#answer(token, { error, cause });
  }

  /** Ends an execution as ABORTED. @throws ExecutionDoesNotExist. */
  async stop(name: string, error = '', cause = ''): Promise<void> {
    this.#refuseClosed();
    const row = this.#row(name);
    if (!row) throw new ExecutionDoesNotExist(`there is no execution ${name}`);
    if (row.status !== 'RUNNING') return;
    await this.#end(row, 'ABORTED', error, cause);
  }

  /** Resolves at the end of an execution. @throws ExecutionDoesNotExist. */
  async done(name: string): Promise<Execution> {
    const execution = this.describe(name);
    if (!execution) throw new ExecutionDoesNotExist(`there is no execution ${name}`);
    if (execution.status !== 'RUNNING') return execution;
    return new Promise((resolve) => this.#waiters.set(name, [...(this.#waiters.get(name) ?? []), resolve]));
  }

  /** Stops working; everything stays as it is for `resume`. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.cancel();
    const working = [...this.#working.values()];
    for (const { abort } of working) abort.abort(new EngineClosed('the engine is closed'));
    await Promise.all(working.map(({ done }) => done));
    this.#journal.close();
  }

  /** The row at work, else the stored one. */
  #row(name: string): Row | undefined {
    return this.#working.get(name)?.row ?? this.#journal.load(name);
  }

  async #answer(token: string, answer: { output: unknown } | { error: string; cause: string }): Promise<void> {
    this.#refuseClosed();
    const name = token.split('.', 1)[0] ?? '';
    const working = this.#working.get(name);
    const row = working?.row ?? this.#journal.load(name);
    const waits = row?.status === 'RUNNING' && row.answer === null && (row.stage === 'token' || row.stage === 'run');
    if (
      !row ||
      !waits ||
      !sameToken(token, tokenOf(this.#journal.secret, row)) ||
      !this.#interpreter.waitsForToken(this.#journal.definition(row.definition), row)
    ) {
      throw new TaskTimedOut('nobody waits for this token');
    }
    row.answer = JSON.stringify(answer);
    await this.#journal.write(row);
    if (!working) this.#work(row);
  }

  /** Goes on with an execution until it ends or waits. */
  #work(row: Row, after: Promise<void> = Promise.resolve()): void {
    if (this.#closed || this.#working.has(row.name)) return;
    const abort = new AbortController();
    const work = { row, abort, done: Promise.resolve() };
    this.#working.set(row.name, work);
    work.done = after
      .then(() => this.#drive(row, abort.signal))
      .catch((error: unknown) => {
        if (!this.#closed)
          this.#emit({ type: 'ExecutionEnded', execution: row.name, error: String(error), at: this.#clock.now() });
      })
      .finally(() => {
        this.#working.delete(row.name);
        this.#arm();
      });
  }

  async #drive(row: Row, signal: AbortSignal): Promise<void> {
    const machine = this.#journal.definition(row.definition);
    while (row.status === 'RUNNING' && !signal.aborted) {
      this.#arm(row.due);
      const result = await this.#interpreter.step(machine, row, signal);
      if (signal.aborted || row.status !== 'RUNNING') return;
      if (result.kind === 'parked') {
        await this.#journal.write(row);
        if (row.answer === null) return;
        continue;
      }
      if (result.kind === 'ended') return this.#end(row, result.status, result.error, result.cause, result.output);
      await this.#journal.write(row, result.left);
    }
  }

  async #end(row: Row, status: Status, error?: string, cause?: string, output?: string): Promise<void> {
    const now = this.#clock.now();
    const left: HistoryEntry = {
      state: row.state,
      visit: row.visit,
      enteredAt: row.enteredAt,
      exitedAt: now,
      retries: row.tries,
      error: error ?? null,
    };
    Object.assign(row, {
      status,
      error: error ?? null,
      cause: cause ?? null,
      output: output ?? null,
      endedAt: now,
      due: null,
      answer: null,
    } satisfies Partial<Row>);
    this.#working.get(row.name)?.abort.abort(new Error(status));
    await this.#journal.write(row, left);
    this.#emit({ type: 'ExecutionEnded', execution: row.name, at: now, ...(error === undefined ? {} : { error }) });
    const waiters = this.#waiters.get(row.name) ?? [];
    this.#waiters.delete(row.name);
    for (const resolve of waiters) resolve(view(row));
  }

  /** One timer for the nearest deadline of all executions. */
  #arm(due: number | null = this.#journalNearest()): void {
    if (this.#closed || due === null || (this.#timer && this.#timer.at <= due)) return;
    this.#timer?.cancel();
    const cancel = this.#clock.after(Math.min(longestTimerMs, Math.max(0, due - this.#clock.now())), () =>
      this.#fire(),
    );
    this.#timer = { at: due, cancel };
  }

  #journalNearest(): number | null {
    return this.#closed ? null : (this.#journal.nearest() ?? null);
  }

  #fire(): void {
    this.#timer = undefined;
    if (this.#closed) return;
    const now = this.#clock.now();
    for (const name of this.#journal.dueBy(now)) {
      const row = this.#row(name);
      if (row?.status !== 'RUNNING' || row.due === null || row.due > now) continue;
      if (row.expiresAt !== null && row.expiresAt <= now) {
        void this.#end(row, 'TIMED_OUT', 'States.Timeout', 'The execution timed out.').catch(() => undefined);
        continue;
      }
      // One at work looks at its own deadline; one that waits is taken up.
      this.#work(row);
    }
    this.#arm();
  }

  #emit(event: EngineEvent): void {
    this.#onEvent(event);
  }

  #refuseClosed(): void {
    if (this.#closed) throw new EngineClosed('the engine is closed');
  }
}
