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
 * The embedded engine. An execution is a row of the journal; in memory are only the functions that run at the moment.
 * Every change of an execution is one record, made under its lock; what follows from a record happens after it is on
 * disk. So after a crash nothing recorded is repeated, and only a function that had not been recorded as finished runs
 * again.
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
  /** Why it works no more. */
  #halted: Error | undefined;

  /**
   * Opens the journal, alone. `committed` is told the number of every commit (tests crash there).
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
   * Starts an execution once per name. `started: false` when the same name runs with the same input.
   * @throws ExecutionAlreadyExists, InvalidName, InvalidExecutionInput.
   */
  async start(name: string, input: unknown): Promise<{ started: boolean }> {
    if (!/^[A-Za-z0-9_-]{1,80}$/.test(name)) throw new errors.InvalidName(`${JSON.stringify(name)} is no name`);
    const json = textOf(input === undefined ? {} : input, (message) => new errors.InvalidExecutionInput(message));
    return this.#locked(name, async () => {
      const there = this.#journal.load(name);
      if (there) {
        const same = isDeepStrictEqual(JSON.parse(there.input), JSON.parse(json));
        if (same && there.status === 'RUNNING') return { started: false };
        throw new errors.ExecutionAlreadyExists(`${name} exists: ${there.status}`);
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

  /** In the order of their start. */
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
   * Unfinished executions that an earlier opening of the journal left and that `resume` has not taken up yet. One that
   * waits for a token is moved on by an answer as always, and its next function runs once it is taken up.
   */
  left(): Execution[] {
    this.#refuseHalted();
    return this.#journal
      .rows('RUNNING')
      .filter((row) => row.session !== this.#journal.session)
      .map(executionOf);
  }

  /** Takes up every unfinished execution of the journal; returns how many there are. */
  async resume(): Promise<number> {
    this.#refuseHalted();
    this.#resumed = true;
    await this.#journal.claim();
    const launch = (name: string): Promise<void> =>
      this.#locked(name, async () => {
        const row = this.#journal.load(name);
        // one whose time is up is not begun again: the wakeUp ends it
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

  /** Durable when it resolves. Error and cause are cut at 256 and 32,768 characters. @throws TaskTimedOut. */
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
    // nobody has to listen when the engine closes first
    waiter.promise.catch(() => undefined);
    const execution = this.#halted ? undefined : this.describe(name);
    if (this.#halted) waiter.reject(this.#halted);
    else if (!execution)
      waiter.reject(new errors.ExecutionDoesNotExist(`there is no execution ${JSON.stringify(name)}`));
    else if (execution.status !== 'RUNNING') waiter.resolve(execution);
    else this.#waiters.set(name, [...(this.#waiters.get(name) ?? []), waiter]);
    return waiter.promise;
  }

  /** Stops working and lets go of the journal; what is under way is kept for `resume`. Functions are told to stop. */
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
    if (!answered) throw new errors.TaskTimedOut('nobody waits for this token: unknown, answered, or timed out');
  }

  /** Moves an execution on, if it still is where the caller thinks; resolves when that is on disk. */
  #change(name: string, cause: Cause, applies: (transition: Transition) => boolean): Promise<boolean> {
    return this.#locked(name, async () => {
      const row = this.#journal.load(name);
      if (row?.status !== 'RUNNING') return false;
      const transition = this.#transition(row);
      if (!applies(transition)) return false;
      const expired = row.expiresAt !== null && row.expiresAt <= transition.now;
      if (expired)
        transition.end('TIMED_OUT', { error: 'States.Timeout', cause: 'The execution was not done in time.' });
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
      // A defect of ours, or a journal somebody changed: it ends this execution and no other.
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
        // an observer that fails must not change what it observes
      }
    }
    if (row.status === 'RUNNING') this.#follow(row);
    else {
      for (const waiter of this.#waiters.get(row.name) ?? []) waiter.resolve(executionOf(row));
      this.#waiters.delete(row.name);
    }
  }

  /** Does what a row on disk asks for, where the execution is ours to run. */
  #follow(row: Row): void {
    if (this.#halted || !(this.#resumed || row.session === this.#journal.session)) return;
    if (row.due !== null && !this.#ticking) this.#wakeUp.by(row.due);
    if (row.status === 'RUNNING' && row.stage === 'invoke' && !this.#invocations.has(row)) void this.#launch(row);
  }

  /** Runs the function of an execution's state, and records how that ended unless the execution has gone on. */
  async #launch(row: Row): Promise<void> {
    try {
      const transition = this.#transition(row);
      const token = waitsForToken(transition) ? tokenOf(this.#journal.secret, row) : undefined;
      const cause = await this.#invocations.run(row, token !== undefined, async (signal) => {
        const { functionName, payload } = await callOf(transition, token);
        const context = { execution: row.name, state: row.state, signal, ...(token === undefined ? {} : { token }) };
        return this.#options.invoke(functionName, payload, context);
      });
      if (!this.#halted) await this.#change(row.name, cause, (transition) => sameTry(transition.row, row));
    } catch (error) {
      this.#halt(error as Error);
    }
  }

  /** Moves on everything whose time has come. */
  async #tick(): Promise<void> {
    this.#ticking = true;
    try {
      const due = ({ row, now }: Transition): boolean => row.due !== null && row.due <= now;
      for (;;) {
        const names = this.#halted ? [] : this.#journal.dueBy(this.#clock.now());
        if (names.length === 0) break;
        const moved = await Promise.all(names.map((name) => this.#change(name, { type: 'elapsed' }, due)));
        // a clock that goes backwards would keep them due and not
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

const sameTry = (now: Row, then: Row): boolean => now.visit === then.visit && now.attempt === then.attempt;

/** JSON text of what a caller hands in. */
function textOf(value: unknown, refused: (message: string) => Error): string {
  let text: string | undefined;
  try {
    text = toJson(value);
  } catch (error) {
    throw refused((error as Error).message);
  }
  if (text === undefined) throw refused('it is no JSON');
  if (!fits(text)) throw refused('it is larger than 256 KiB');
  return text;
}
