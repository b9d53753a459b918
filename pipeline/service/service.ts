import type { EventEmitter } from 'node:events';
import { on } from 'node:events';
import { type Estimate, estimateTask } from '../../core/money/estimate.ts';
import { parsePlan } from '../../core/plan/parse.ts';
import { approversOf, operatorsOf, personOf } from '../../core/policy/people.ts';
import { resolveTask } from '../../core/policy/resolve-task.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { UnifiedDiff } from '../../core/ports/host/code-host.ts';
import type { BudgetView } from '../../core/ports/store/ledger.ts';
import { mustActOnRun, mustOperate } from '../../core/review/may-act.ts';
import type { Gate, Vote, VoteChoice } from '../../core/run/gate.ts';
import type { ModelCall, PhaseEvent, Refusal, Traffic } from '../../core/run/phase.ts';
import type { RunEvent, RunRecord } from '../../core/run/record.ts';
import { readSpec } from '../../core/task-spec/parse.ts';
import { isHeldBack, slotScope, sprintOf, wakeQueued } from '../admission/admission.ts';
import { type Proposed, type ProposeRequest, proposeSpec } from '../commands/propose-spec.ts';
import { resolveGate, resolveRun } from '../commands/resolve.ts';
import { retryRun } from '../commands/retry.ts';
import { type SubmitRequest, type Submitted, submit } from '../commands/submit.ts';
import { type DraftRequest, submitDraft, submitSplit } from '../commands/submit-ask.ts';
import { type LessonQuery, type LessonStats, lessonStats } from '../memory/lesson-stats.ts';
import { type RunbookRun, runbookUses } from '../memory/runbook-uses.ts';
import { type Activity, activity } from './activity.ts';
import { type Evidence, evidenceOf } from './evidence.ts';
import { type HostView, hostView } from './host-view.ts';
import { type RunView, runView, shortView } from './view.ts';

export type { Evidence } from './evidence.ts';
export type { HostView } from './host-view.ts';
export type { RunView } from './view.ts';

import { type ReviewFacts, reviewFactsOf } from '../asks/review.ts';
import type { Deps } from '../deps.ts';
import { closeGate } from '../gates/close-gate.ts';
import { decideGate } from '../gates/decide-gate.ts';
import { stopRun } from '../lifecycle/stop-run.ts';
import { refusalsOf, trafficOf } from '../publishing/facts.ts';
import { accessRepository, loadTask } from '../runs/run-context.ts';
import { unfinishedRuns } from '../runs/unfinished.ts';
import { type BlameView, why } from './why.ts';

/** A gate without its token, with its votes. */
export type GateView = Omit<Gate, 'token'> & { votes: Vote[] };

export type WatchItem =
  | { kind: 'run'; run: Omit<RunView, 'events'> }
  | { kind: 'event'; event: RunEvent }
  | { kind: 'phase'; phaseId: string; event: PhaseEvent };

/** @internal for its tests */
export interface VoteCommand {
  gate: string;
  /** As typed: a person id, an address, `OSUSER@localhost`. */
  who: string;
  choice: VoteChoice;
  text: string;
  head?: string;
  edit?: string;
  constraint?: string;
}

/** The audit trail of a run (R30): events, gates with all votes, and each metered call. */
export interface Audit {
  runId: string;
  taskId: string;
  requester: string;
  /** Who started an attempt of this spec again. */
  retriers: string[];
  policyDigest: string;
  events: RunEvent[];
  gates: GateView[];
  reviews: ReviewFacts | null;
  calls: ModelCall[];
}

/** The operations behind commands and pages. Arguments and results are JSON, so that calls can cross a socket. */
export interface Service {
  submit(request: SubmitRequest): Promise<Submitted>;
  /** Starts a run that divides the work of a spec among agents; its answer is in the evidence. */
  split(request: Parameters<typeof submitSplit>[1]): Promise<Submitted>;
  /** Starts a run that turns a request in plain language into a task spec. */
  draft(request: DraftRequest): Promise<Submitted>;
  /** Opens a pull request that adds a spec; its merge starts the run. */
  propose(request: ProposeRequest): Promise<Proposed>;
  /** The runs that used a runbook, newest first. */
  runbookUses(repository: string, runbook: string): Promise<RunbookRun[]>;
  /** Runs and rework before and after each lesson was added, from the records. */
  lessonStats(repository: string, lessons: LessonQuery[]): Promise<LessonStats[]>;
  retry(run: string, policy: Policy, who: string): Promise<Submitted>;
  estimate(
    request: Pick<SubmitRequest, 'file' | 'bytes' | 'read' | 'policy' | 'requester'>,
  ): Promise<{ estimate: Estimate; budget: BudgetView | null }>;
  run(run: string): Promise<RunView>;
  /** A run whose record is final, once its execution has ended too. */
  ended(run: string): Promise<RunView>;
  /** The newest runs, without their refusals. */
  list(limit?: number): Promise<Omit<RunView, 'events'>[]>;
  /** A page of the runs that are not final, oldest first, without their refusals. @param after `next` of the page before. */
  unfinished(after?: string): Promise<{ runs: Omit<RunView, 'events'>[]; next: string | null }>;
  gate(gate: string): Promise<GateView>;
  gatesOf(run: string): Promise<GateView[]>;
  vote(command: VoteCommand): Promise<GateView>;
  /** Ends a wait for a person in an unattended run (`--yes`). */
  needsPerson(gate: string): Promise<void>;
  cancel(run: string, who: string, reason: string): Promise<RunView>;
  egress(run: string): Promise<Refusal[]>;
  /** Registry downloads and tunnels, phase by phase. */
  traffic(run: string): Promise<Traffic[]>;
  audit(run: string): Promise<Audit>;
  evidence(run: string): Promise<Evidence>;
  /** Events that the ended phases reported while they ran. */
  activity(run: string): Promise<Activity[]>;
  /** Current checks and reviews of the pull request; null if there are none. */
  host(run: string): Promise<HostView | null>;
  /** The published change as a unified diff, cut after 512 KiB; null before the run has published. */
  diff(run: string): Promise<UnifiedDiff | null>;
  /** @throws VoteRefused for a person who is neither an approver nor an operator of the policy. */
  pause(paused: boolean, who: string, policy: Policy): Promise<{ paused: boolean }>;
  /** Whether admission of new runs is paused. */
  paused(): Promise<boolean>;
  budget(team: string, policy: Policy): Promise<BudgetView | null>;
  why(repository: string, file: string, line: number): Promise<BlameView>;
  /** Whether every unfinished run waits for a person, or for a run that waits for one. */
  idle(): Promise<boolean>;
}

/** As many as an answer of a deployment may have. */
const unfinishedPage = 100;
/** The branch has the whole change. */
const maxDiffBytes = 512 * 1024;

export function createService(deps: Deps, unfinished: () => string[]): Service {
  const gateView = async ({ token: _token, ...gate }: Gate): Promise<GateView> => ({
    ...gate,
    votes: await deps.gates.votes(gate.gateId),
  });
  const person = async (runId: string, who: string): Promise<string> => {
    const record = await resolveRun(deps, runId);
    return personOf(await loadTask(deps, record), who) ?? who;
  };

  return {
    submit: (request) => submit(deps, request),
    draft: (request) => submitDraft(deps, request),
    split: (request) => submitSplit(deps, request),
    propose: (request) => proposeSpec(deps, request),
    runbookUses: (repository, runbook) => runbookUses(deps, repository, runbook),
    lessonStats: (repository, lessons) => lessonStats(deps, repository, lessons),

    async retry(run, policy, who) {
      return retryRun(deps, await resolveRun(deps, run), policy, personOf(policy, who) ?? who);
    },

    async estimate({ file, bytes, read, policy, requester }) {
      const task = resolveTask(read ?? readSpec(file, bytes), policy, { requester });
      const sprint = sprintOf(task.budget, deps.clock.now());
      const budget = sprint ? await deps.ledger.budget(task.team, sprint.sprint) : undefined;
      return { estimate: estimateTask(task), budget: budget ?? null };
    },

    run: async (run) => runView(deps, await resolveRun(deps, run)),
    async ended(run) {
      const record = await resolveRun(deps, run);
      await deps.executions.done(record.runId);
      return runView(deps, record);
    },
    async list(limit) {
      // The parts of a campaign are shown with it.
      const records = (await deps.runs.list(limit)).filter(({ parent }) => parent === undefined);
      return Promise.all(records.map((record) => shortView(deps, record)));
    },
    async unfinished(after) {
      const { runs, next } = await deps.runs.unfinished({ limit: unfinishedPage, after });
      return { runs: await Promise.all(runs.map((record) => shortView(deps, record))), next: next ?? null };
    },
    gate: async (gate) => gateView(await resolveGate(deps, gate)),
    gatesOf: async (run) => {
      const gates = await deps.gates.byRun((await resolveRun(deps, run)).runId);
      return Promise.all(gates.map(gateView));
    },

    async vote({ gate: reference, who, edit, ...command }) {
      const gate = await resolveGate(deps, reference);
      const vote = { ...command, gateId: gate.gateId, person: await person(gate.runId, who) };
      return gateView(
        await decideGate(deps, edit === undefined ? vote : { ...vote, edit: () => parsePlan(edit, 'person') }),
      );
    },

    async needsPerson(reference) {
      const gate = await resolveGate(deps, reference);
      await closeGate(deps, gate.gateId, 'needs-person', '--yes', `${gate.title}\n${gate.text}`.trim());
    },

    async cancel(run, who, reason) {
      const record = await resolveRun(deps, run);
      const task = await loadTask(deps, record);
      const by = personOf(task, who) ?? who;
      mustActOnRun(by, record, task, `cancel ${record.taskId}`);
      return runView(deps, await stopRun(deps, record.runId, { as: 'Cancelled', by, reason }));
    },

    async egress(run) {
      const record = await resolveRun(deps, run);
      return refusalsOf(deps, record.work.results);
    },

    async traffic(run) {
      const record = await resolveRun(deps, run);
      return trafficOf(deps, record.work.results);
    },

    async audit(run) {
      const record = await resolveRun(deps, run);
      const { runId, taskId, requester, retriers = [], policyDigest } = record;
      const [events, gates, calls] = await Promise.all([
        deps.runs.events(runId),
        deps.gates.byRun(runId),
        deps.ledger.calls(runId),
      ]);
      return {
        ...{ runId, taskId, requester, retriers, policyDigest, events, calls },
        gates: await Promise.all(gates.map(gateView)),
        reviews: await reviewFactsOf(deps, record),
      };
    },

    async evidence(run) {
      const record = await resolveRun(deps, run);
      return evidenceOf(deps, record);
    },

    activity: async (run) => activity(deps, await resolveRun(deps, run)),

    host: async (run) => hostView(deps, await resolveRun(deps, run)),

    async diff(run) {
      const record = await resolveRun(deps, run);
      if (record.base === undefined || record.commit === undefined) return null;
      const { host, location } = accessRepository(deps, await loadTask(deps, record));
      return host.diff(location, record.base, record.commit, maxDiffBytes);
    },

    paused: () => deps.admission.paused(),

    async pause(paused, who, policy) {
      const by = personOf(policy, who) ?? who;
      const people = { approvers: approversOf(policy), operators: operatorsOf(policy) };
      mustOperate(by, people, paused ? 'pause the admission of runs' : 'resume the admission of runs');
      await deps.admission.setPaused(paused, by);
      if (!paused) {
        const scopes = new Set<string>();
        for await (const { runs } of unfinishedRuns(deps.runs))
          for (const run of runs) if (run.status === 'queued') scopes.add(slotScope(run));
        for (const scope of scopes) await wakeQueued(deps, scope);
      }
      return { paused };
    },

    async budget(team, policy) {
      const sprint = sprintOf(policy.budgets[team], deps.clock.now());
      if (!sprint) return null;
      const view = await deps.ledger.budget(team, sprint.sprint);
      return (
        view ?? {
          team,
          sprint: sprint.sprint,
          limitMicros: sprint.limitMicros,
          committedMicros: 0,
          settledMicros: 0,
          runs: [],
        }
      );
    },

    why: (repository, file, line) => why(deps, repository, file, line),

    async idle() {
      const records = await Promise.all(unfinished().map((runId) => deps.runs.get(runId)));
      const waiting = await Promise.all(
        records.map(async (record) => {
          if (record?.status === 'queued') return isHeldBack(deps, record);
          // A campaign that waits for its parts: their own runs are among these.
          const forParts = record?.gate?.startsWith(`${record.runId}.parts.`) === true;
          return record === undefined || record.status === 'waiting' || forParts;
        }),
      );
      return !waiting.includes(false);
    },
  };
}

/** Earlier events first, then new events and changes, until the signal. */
export async function* watch(
  deps: Deps,
  bus: EventEmitter,
  runId: string,
  signal: AbortSignal,
): AsyncGenerator<WatchItem> {
  const live = on(bus, runId, { signal });
  const seen = new Set<string>();
  for (const event of await deps.runs.events(runId)) {
    seen.add(event.key);
    yield { kind: 'event', event };
  }
  const record = await deps.runs.get(runId);
  if (record) yield { kind: 'run', run: await shortView(deps, record) };
  try {
    for await (const [item] of live as AsyncIterable<[WatchItem | { kind: 'record'; record: RunRecord }]>) {
      if (item.kind === 'record') yield { kind: 'run', run: await shortView(deps, item.record) };
      else if (item.kind !== 'event' || !seen.has(item.event.key)) yield item;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
