import { isDeepStrictEqual } from 'node:util';
import { fits, toJson } from './asl/json.ts';
import { load } from './definition/load.ts';
import * as errors from './errors.ts';
import { advance, type Cause, callOf, waitsForToken } from './execution/interpreter.ts';
import { Invocations } from './execution/invocations.ts';
import { Transition } from './execution/transition.ts';
import { type Execution, executionOf, type Visit, visitsOf } from './execution/view.ts';
import type { EngineOptions } from './options.ts';
import { Journal, type Row, type Status } from './store/journal.ts';
import { executionOf as executionOfToken, sameToken, tokenOf } from './store/token.ts';
import { type EngineClock, realClock } from './timing/clock.ts';
import { Mutex } from './timing/keyed-mutex.ts';
import { WakeUp } from './timing/wake-up.ts';

export type { Execution, Visit } from './execution/view.ts';
export type { EngineOptions } from './options.ts';

/**
 * The embedded engine. An execution is a row of the journal; only running functions are in memory. Every transition of
 * an execution is written as one record under its lock, and its effects happen after the record is on disk. After a
 * crash, recorded work is therefore not repeated; only a function without a recorded result runs again.
 */
export class Engine {
  readonly #options: EngineOptions;
  readonly #clock: EngineClock;
  readonly #journal: Journal;
  readonly #definition: string;
  readonly #locks = new Mutex();
  readonly #invocations = new Invocations();
  readonly #wakeUp: WakeUp;
  readonly #waiters = new Map<string, PromiseWithResolvers<Execution>[]>();
  #ticking = false;
  #resumed = false;
  /** The reason why the engine stopped. */
  #halted: Error | undefined;

  /**
   * Opens the journal exclusively. @param committed Called with the number of each commit; tests crash there.
   * @throws DefinitionRefused, EngineBusy, JournalFailed.
   */
  static open(options: EngineOptions, committed?: (commits: number) => void): Engine {
    const definition = load(options.definition);
    const journal = new Journal(options.file, committed);
    return new Engine(options, journal, journal.define(definition));
  }

  private constructor(options: EngineOptions, journal: Journal, definition: string) {
    this.#options = options;
    this.#clock = options.clock ?? realClock;
    this.#journal = journal;
    this.#definition = definition;
    this.#wakeUp = new WakeUp(this.#clock, () => void this.#tick());
  }

  /**
   * Starts an execution once per name. `started: false` when an execution of this name runs with the same input.
   * @throws ExecutionAlreadyExists, InvalidName, InvalidExecutionInput.
   */
  async start(name: string, input: unknown): Promise<{ started: boolean }> {
    if (!/^[A-Za-z0-9_-]{1,80}$/.test(name))
      throw new errors.InvalidName(`${JSON.stringify(name)} is not a valid name`);
    const json = textOf(input === undefined ? {} : input, (message) => new errors.InvalidExecutionInput(message));
    return this.#locked(name, async () => {
      const existing = this.#journal.load(name);
      if (existing) {
        const same = isDeepStrictEqual(JSON.parse(existing.input), JSON.parse(json));
        if (same && existing.status === 'RUNNING') return { started: false };
        throw new errors.ExecutionAlreadyExists(`${name} already exists: ${existing.status}`);
      }
      const transition = this.#transition(this.#firstRow(name, json));
      transition.events.push({ type: 'ExecutionStarted', execution: name, at: new Date(transition.now).toISOString() });
      await this.#advance(transition, { type: 'begin' });
      await this.#write(transition, true);
      return { started: true };
    });
  }

  describe(name: string): Execution | undefined {
    this.#refuseHalted();
    const row = this.#journal.load(name);
    return row && executionOf(row);
  }

  /** All executions, by start time. */
  list(filter: { status?: Status } = {}): Execution[] {
    this.#refuseHalted();
    return this.#journal.rows(filter.status).map(executionOf);
  }

  history(name: string): Visit[] {
    this.#refuseHalted();
    const row = this.#journal.load(name);
    return row ? visitsOf(row, this.#journal.history(name)) : [];
  }

  /**
   * Unfinished executions of earlier sessions that `resume` has not resumed yet. An answer to a token still moves such
   * an execution on, but its next function runs only after `resume`.
   */
  left(): Execution[] {
    this.#refuseHalted();
    return this.#journal
      .rows('RUNNING')
      .filter((row) => row.session !== this.#journal.session)
      .map(executionOf);
  }

  /** Resumes all unfinished executions of the journal, and returns their number. */
  async resume(): Promise<number> {
    this.#refuseHalted();
    this.#resumed = true;
    await this.#journal.claim();
    const launch = (name: string): Promise<void> =>
      this.#locked(name, async () => {
        const row = this.#journal.load(name);
        // A function whose deadline has passed is not run again: the wake-up ends its state.
        if (row?.due && row.due > this.#clock.now()) this.#follow(row);
      });
    await Promise.all(this.#journal.invoking().map(launch));
    this.#arm();
    return this.#journal.countRunning();
  }

  /** Durable when it resolves. @throws TaskTimedOut, InvalidOutput. */
  async sendTaskSuccess(token: string, output: unknown): Promise<void> {
    const json = textOf(output, (message) => new errors.InvalidOutput(message));
    await this.#answer(token, { type: 'result', value: JSON.parse(json) as unknown });
  }

  /** Durable when it resolves. `error` is cut at 256 characters, `cause` at 32,768. @throws TaskTimedOut. */
  async sendTaskFailure(token: string, error: string, cause: string): Promise<void> {
    await this.#answer(token, { type: 'failure', error: error.slice(0, 256), cause: cause.slice(0, 32_768) });
  }

  /** Ends an execution as ABORTED; one that has ended stays as it is. @throws ExecutionDoesNotExist. */
  async stop(name: string, error = '', cause = ''): Promise<void> {
    await this.#locked(name, async () => {
      const row = this.#journal.load(name);
      if (!row) throw new errors.ExecutionDoesNotExist(`there is no execution ${JSON.stringify(name)}`);
      if (row.status !== 'RUNNING') return;
      const transition = this.#transition(row);
      transition.end('ABORTED', { error, cause });
      await this.#write(transition);
      this.#invocations.abortAll(new Error(`${name} was stopped`), name);
    });
  }

  /** Resolves at the end of an execution. @throws ExecutionDoesNotExist; EngineClosed, JournalFailed before its end. */
  done(name: string): Promise<Execution> {
    const waiter = Promise.withResolvers<Execution>();
    // A rejection that nobody handles must not count as unhandled.
    waiter.promise.catch(() => undefined);
    const execution = this.#halted ? undefined : this.describe(name);
    if (this.#halted) waiter.reject(this.#halted);
    else if (!execution)
      waiter.reject(new errors.ExecutionDoesNotExist(`there is no execution ${JSON.stringify(name)}`));
    else if (execution.status !== 'RUNNING') waiter.resolve(execution);
    else this.#waiters.set(name, [...(this.#waiters.get(name) ?? []), waiter]);
    return waiter.promise;
  }

  /** Stops the engine and closes the journal; aborts running functions. Unfinished executions are kept for `resume`. */
  async close(): Promise<void> {
    this.#halt(new errors.EngineClosed('the engine is closed'));
    await this.#locks.settled();
    this.#journal.close();
  }

  async #answer(token: string, cause: Cause): Promise<void> {
    const answered = await this.#change(executionOfToken(token), cause, (transition) => {
      const { row } = transition;
      const open = (row.stage === 'token' || row.stage === 'invoke') && row.due !== null && row.due > transition.now;
      return open && sameToken(token, tokenOf(this.#journal.secret, row));
    });
    if (!answered) throw new errors.TaskTimedOut('no state waits for this token: it is unknown, answered or timed out');
  }

  /** Moves an execution on if `applies` is true; resolves when the change is on disk. */
  #change(name: string, cause: Cause, applies: (transition: Transition) => boolean): Promise<boolean> {
    return this.#locked(name, async () => {
      const row = this.#journal.load(name);
      if (row?.status !== 'RUNNING') return false;
      const transition = this.#transition(row);
      if (!applies(transition)) return false;
      const expired = row.expiresAt !== null && row.expiresAt <= transition.now;
      if (expired)
        transition.end('TIMED_OUT', { error: 'States.Timeout', cause: 'The execution did not end in time.' });
      else await this.#advance(transition, cause);
      await this.#write(transition);
      if (expired) this.#invocations.abortAll(new Error(`${name} timed out`), name);
      else if (cause.type === 'elapsed') this.#invocations.abort(row, new Error(`${row.state} timed out`));
      return true;
    });
  }

  async #advance(transition: Transition, cause: Cause): Promise<void> {
    try {
      await advance(transition, cause, this.#options.random ?? Math.random);
    } catch (error) {
      // A defect of the engine or a modified journal: it ends only this execution.
      transition.end('FAILED', { error: 'States.Runtime', cause: String(error) });
    }
  }

  async #write(transition: Transition, created = false): Promise<void> {
    const { row, left, events } = transition;
    try {
      await this.#journal.write({ row, created, left });
    } catch (error) {
      this.#halt(error as Error);
      throw error;
    }
    for (const event of events) {
      try {
        this.#options.onEvent?.(event);
      } catch {
        // A failing observer must not affect the execution.
      }
    }
    if (row.status === 'RUNNING') this.#follow(row);
    else {
      for (const waiter of this.#waiters.get(row.name) ?? []) waiter.resolve(executionOf(row));
      this.#waiters.delete(row.name);
    }
  }

  /** Starts the effects of a stored row, if this session runs the execution. */
  #follow(row: Row): void {
    if (this.#halted || !(this.#resumed || row.session === this.#journal.session)) return;
    if (row.due !== null && !this.#ticking) this.#wakeUp.by(row.due);
    if (row.status === 'RUNNING' && row.stage === 'invoke' && !this.#invocations.has(row)) void this.#launch(row);
  }

  /** Runs the function of the current state, and records its result unless the execution has moved on. */
  async #launch(row: Row): Promise<void> {
    try {
      const transition = this.#transition(row);
      const token = waitsForToken(transition) ? tokenOf(this.#journal.secret, row) : undefined;
      const cause = await this.#invocations.run(row, token !== undefined, async (signal) => {
        const { functionName, payload } = await callOf(transition, token);
        const context = { execution: row.name, state: row.state, signal, ...(token === undefined ? {} : { token }) };
        return this.#options.invoke(functionName, payload, context);
      });
      if (!this.#halted) await this.#change(row.name, cause, (transition) => sameAttempt(transition.row, row));
    } catch (error) {
      this.#halt(error as Error);
    }
  }

  /** Moves on all executions that are due. */
  async #tick(): Promise<void> {
    this.#ticking = true;
    try {
      const due = ({ row, now }: Transition): boolean => row.due !== null && row.due <= now;
      for (;;) {
        const names = this.#halted ? [] : this.#journal.dueBy(this.#clock.now());
        if (names.length === 0) break;
        const moved = await Promise.all(names.map((name) => this.#change(name, { type: 'elapsed' }, due)));
        // If the clock goes backwards, `dueBy` would return the same executions again and again.
        if (!moved.includes(true)) break;
      }
    } catch (error) {
      this.#halt(error as Error);
    } finally {
      this.#ticking = false;
    }
    this.#arm();
  }

  #arm(): void {
    if (this.#halted || this.#ticking) return;
    const nearest = this.#journal.nearest();
    if (nearest !== undefined) this.#wakeUp.by(nearest);
  }

  #transition(row: Row): Transition {
    return new Transition(row, this.#journal.definition(row.definition), this.#options.name, this.#clock.now());
  }

  #firstRow(name: string, input: string): Row {
    const now = this.#clock.now();
    const limit = this.#journal.definition(this.#definition).TimeoutSeconds;
    return {
      name,
      definition: this.#definition,
      input,
      startedAt: now,
      expiresAt: limit === undefined ? null : now + 1000 * limit,
      session: this.#journal.session,
      status: 'RUNNING',
      output: null,
      error: null,
      cause: null,
      endedAt: null,
      state: '',
      visit: 0,
      enteredAt: now,
      stage: 'invoke',
      deadline: null,
      due: null,
      retries: '[]',
      attempt: 0,
      transitions: 0,
      events: 1,
      value: input,
      variables: '{}',
    };
  }

  #locked<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.#locks.run(name, async () => {
      this.#refuseHalted();
      return work();
    });
  }

  #halt(reason: Error): void {
    if (this.#halted) return;
    this.#halted = reason;
    this.#wakeUp.off();
    this.#invocations.abortAll(reason);
    for (const waiter of [...this.#waiters.values()].flat()) waiter.reject(reason);
    this.#waiters.clear();
  }

  #refuseHalted(): void {
    if (this.#halted) throw this.#halted;
  }
}

const sameAttempt = (now: Row, then: Row): boolean => now.visit === then.visit && now.attempt === then.attempt;

/** JSON text of a caller's value. @throws the error of `invalid`. */
function textOf(value: unknown, invalid: (message: string) => Error): string {
  let text: string | undefined;
  try {
    text = toJson(value);
  } catch (error) {
    throw invalid((error as Error).message);
  }
  if (text === undefined) throw invalid('the value is not valid JSON');
  if (!fits(text)) throw invalid('the value is larger than 256 KiB');
  return text;
}
