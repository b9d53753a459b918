import { DrydockError } from '../../core/errors.ts';
import { type Estimate, estimateTask } from '../../core/money/estimate.ts';
import { parsePlan } from '../../core/plan/parse.ts';
import { plan as planSchema } from '../../core/plan/schema.ts';
import { personOf } from '../../core/policy/people.ts';
import { resolveTask } from '../../core/policy/resolve-task.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { UnifiedDiff } from '../../core/ports/host/code-host.ts';
import type { BudgetView } from '../../core/ports/store/ledger.ts';
import type { RunQuery } from '../../core/ports/store/runs.ts';
import { mustActOnRun } from '../../core/review/may-act.ts';
import { mayRead, type ReadScope } from '../../core/review/readers.ts';
import type { Gate, VoteChoice } from '../../core/run/gate.ts';
import type { Refusal, Traffic } from '../../core/run/phase.ts';
import type { Channel, RunRecord } from '../../core/run/record.ts';
import { readSpec } from '../../core/task-spec/parse.ts';
import { isHeldBack, sprintOf } from '../admission/admission.ts';
import { pauseRuns } from '../admission/pause.ts';
import { type Proposed, type ProposeRequest, proposeSpec } from '../commands/propose-spec.ts';
import { resolveGate, resolveRun } from '../commands/resolve.ts';
import { retryRun } from '../commands/retry.ts';
import { type SubmitRequest, type Submitted, submit } from '../commands/submit.ts';
import { type DraftRequest, submitDraft, submitSplit } from '../commands/submit-ask.ts';
import { type TellAnswer, tellRun } from '../commands/tell.ts';
import { type LessonQuery, type LessonStats, lessonStats } from '../memory/lesson-stats.ts';
import { type RepositoryMemory, repositoryMemory } from '../memory/repository-memory.ts';
import { type RunbookRun, runbookUses } from '../memory/runbook-uses.ts';
import { getJson } from '../runs/artifacts.ts';
import { type Activity, activity } from './activity.ts';
import { type Audit, auditOf, type GateView } from './audit.ts';
import { type Evidence, evidenceOf } from './evidence.ts';
import { type HostView, hostView } from './host-view.ts';
import { type RunView, runView, shortView } from './view.ts';

export type { Audit, GateView } from './audit.ts';
export type { Evidence } from './evidence.ts';
export type { HostView } from './host-view.ts';
export type { RunView } from './view.ts';
export type { WatchItem } from './watch.ts';

import { audited } from '../audit/record-act.ts';
import { type AuditPage, type AuditQuery, linesOf, searchAudit } from '../audit/search.ts';
import { type AuditCheck, verifyAudit } from '../audit/verify.ts';
import type { Deps } from '../deps.ts';
import { closeGate } from '../gates/close-gate.ts';
import { decideGate } from '../gates/decide-gate.ts';
import { stopRun } from '../lifecycle/stop-run.ts';
import { refusalsOf, trafficOf } from '../publishing/facts.ts';
import { accessRepository, loadTask, type RunContext } from '../runs/run-context.ts';
import { type ChangeView, changeView, currentDiff } from '../view/change.ts';
import { inbox, type RunList, runList } from '../view/lists.ts';
import { type RunDetail, runDetail } from '../view/run-detail.ts';
import type { RunItem } from '../view/run-item.ts';
import { type BlameView, why } from './why.ts';

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

/** The operations behind commands and pages. Arguments and results are JSON, so that calls can cross a socket. */
export interface Service {
  submit(request: SubmitRequest): Promise<Submitted>;
  /** Starts a run that divides the work of a spec among agents; its answer is in the evidence. */
  split(request: Parameters<typeof submitSplit>[1]): Promise<Submitted>;
  /** Starts a run that turns a request in plain language into a task spec. */
  draft(request: DraftRequest): Promise<Submitted>;
  /** Opens a pull request that adds a spec; its merge starts the run. */
  propose(request: ProposeRequest): Promise<Proposed>;
  /** The runbooks and lessons of a repository at the head of a trusted branch. */
  memory(repository: string, policy: Policy): Promise<RepositoryMemory>;
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
  /** A page of the list of runs, newest first, by any filter. */
  page(query: RunQuery): Promise<RunList>;
  /** Runs that wait for a person, the most urgent first. */
  inbox(): Promise<{ items: RunItem[]; more: boolean }>;
  /** All that a page shows of a run besides its change and its log. */
  detail(run: string): Promise<RunDetail>;
  /** The newest change of a run file by file; null before there is one. */
  change(run: string): Promise<ChangeView | null>;
  /** A page of the runs that are not final, oldest first, without their refusals. @param after `next` of the page before. */
  unfinished(after?: string): Promise<{ runs: Omit<RunView, 'events'>[]; next: string | null }>;
  gate(gate: string): Promise<GateView>;
  gatesOf(run: string): Promise<GateView[]>;
  vote(command: VoteCommand): Promise<GateView>;
  /** Ends a wait for a person in an unattended run (`--yes`). */
  needsPerson(gate: string): Promise<void>;
  cancel(run: string, who: string, reason: string): Promise<RunView>;
  /** Says something to the agents of a run. @param key Taken once. */
  tell(run: string, who: string, text: string, now: boolean, key: string): Promise<TellAnswer>;
  egress(run: string): Promise<Refusal[]>;
  /** Registry downloads and tunnels, phase by phase. */
  traffic(run: string): Promise<Traffic[]>;
  audit(run: string): Promise<Audit>;
  /** Lines of the audit of a run, oldest first, or with null a page of all runs, newest first. */
  auditLines(run: string | null, query: AuditQuery): Promise<AuditPage>;
  /** Checks the chain of a run, or with null of all. */
  verifyAudit(run: string | null): Promise<AuditCheck>;
  evidence(run: string): Promise<Evidence>;
  /** Events that the ended phases reported while they ran. */
  activity(run: string): Promise<Activity[]>;
  /** Current checks and reviews of the pull request; null if there are none. */
  host(run: string): Promise<HostView | null>;
  /** The newest change as a unified diff, cut after 512 KiB; null before the agent has changed anything. */
  diff(run: string): Promise<UnifiedDiff | null>;
  /** @throws VoteRefused for a person who is neither an approver nor an operator of the policy. */
  pause(paused: boolean, who: string, policy: Policy, reason?: string): Promise<{ paused: boolean }>;
  /** Whether admission of new runs is paused. */
  paused(): Promise<boolean>;
  /** Who paused it, and why; null while it is not paused. */
  pausedBy(): Promise<string | null>;
  budget(team: string, policy: Policy): Promise<BudgetView | null>;
  why(repository: string, file: string, line: number): Promise<BlameView>;
  /** Whether every unfinished run waits for a person, or for a run that waits for one. */
  idle(): Promise<boolean>;
}

/** As many as an answer of a deployment may have. */
const unfinishedPage = 100;
/** The branch has the whole change. */
const maxDiffBytes = 512 * 1024;

/**
 * @param scope What the caller may read; every method is limited to it.
 * @param channel Where the caller acts, for the audit.
 */
export function createService(
  deps: Deps,
  unfinished: () => string[],
  scope?: ReadScope,
  channel: Channel = 'terminal',
): Service {
  /** A run that the caller may read. @throws RunNotFound, also for a run that the caller may not know of. */
  const runOf = async (reference: string): Promise<RunRecord> => {
    const record = await resolveRun(deps, reference, scope);
    if (mayRead(scope, record)) return record;
    throw new DrydockError('RunNotFound', `There is no run ${JSON.stringify(reference.slice(0, 100))}.`);
  };
  const gateOf = async (reference: string): Promise<Gate> => {
    const gate = await resolveGate(deps, reference, scope);
    if (scope === undefined) return gate;
    const record = await deps.runs.get(gate.runId);
    if (record && mayRead(scope, record)) return gate;
    throw new DrydockError('GateNotFound', `There is no gate ${JSON.stringify(reference.slice(0, 100))}.`);
  };
  /** Of the runs that hold the slots, as a wait for one lists them, those that the caller may read. */
  const holdersIn = async (text: string): Promise<string> => {
    const runs = await Promise.all(text.split(', ').map((runId) => deps.runs.get(runId)));
    return runs.flatMap((run) => (run && mayRead(scope, run) ? [run.runId] : [])).join(', ');
  };
  const gateView = async ({ token: _token, ...gate }: Gate): Promise<GateView> => ({
    ...gate,
    ...(scope && gate.kind === 'slot' ? { text: await holdersIn(gate.text) } : {}),
    votes: await deps.gates.votes(gate.gateId),
  });
  const person = async (runId: string, who: string): Promise<string> => {
    const record = await runOf(runId);
    return personOf(await loadTask(deps, record), who) ?? who;
  };

  /** The runs that figures are made of. */
  const seen = (): Deps['runs'] => ({
    ...deps.runs,
    list: async (limit) => (await deps.runs.list(limit)).filter((record) => mayRead(scope, record)),
  });
  const contextOf = async (run: string): Promise<RunContext> => {
    const record = await runOf(run);
    const task = await loadTask(deps, record);
    return { record, task, ...accessRepository(deps, task) };
  };

  return {
    submit: (request) => submit(deps, request),
    draft: (request) => submitDraft(deps, request),
    split: (request) => submitSplit(deps, request),
    propose: (request) => proposeSpec(deps, request),
    memory: (repository, policy) => repositoryMemory(deps, repository, policy),
    runbookUses: (repository, runbook) => runbookUses({ runs: seen() }, repository, runbook),
    lessonStats: (repository, lessons) => lessonStats({ runs: seen(), artifacts: deps.artifacts }, repository, lessons),

    async retry(run, policy, who) {
      return retryRun(deps, await runOf(run), policy, personOf(policy, who) ?? who);
    },

    async estimate({ file, bytes, read, policy, requester }) {
      const task = resolveTask(read ?? readSpec(file, bytes), policy, { requester });
      const sprint = scope && !scope.teams.includes(task.team) ? undefined : sprintOf(task.budget, deps.clock.now());
      const budget = sprint ? await deps.ledger.budget(task.team, sprint.sprint) : undefined;
      return { estimate: estimateTask(task), budget: budget ?? null };
    },

    run: async (run) => runView(deps, await runOf(run)),
    async ended(run) {
      const record = await runOf(run);
      await deps.executions.done(record.runId);
      return runView(deps, record);
    },
    async list(limit) {
      // The parts of a campaign are shown with it.
      const { runs } = scope
        ? await deps.runs.page({ limit: limit ?? 200, scope })
        : { runs: (await deps.runs.list(limit)).filter(({ parent }) => parent === undefined) };
      return Promise.all(runs.map((record) => shortView(deps, record)));
    },
    async unfinished(after) {
      const { runs, next } = await deps.runs.unfinished({ limit: unfinishedPage, after });
      const seen = runs.filter((record) => mayRead(scope, record));
      return { runs: await Promise.all(seen.map((record) => shortView(deps, record))), next: next ?? null };
    },
    gate: async (gate) => gateView(await gateOf(gate)),
    gatesOf: async (run) => {
      const gates = await deps.gates.byRun((await runOf(run)).runId);
      return Promise.all(gates.map(gateView));
    },

    async vote({ gate: reference, who, edit, ...command }) {
      const gate = await audited(deps, undefined, { type: 'vote-refused', who, channel }, () => gateOf(reference));
      const vote = { ...command, channel, gateId: gate.gateId, person: await person(gate.runId, who) };
      return gateView(
        await decideGate(deps, edit === undefined ? vote : { ...vote, edit: () => parsePlan(edit, 'person') }),
      );
    },

    async needsPerson(reference) {
      const gate = await gateOf(reference);
      await closeGate(deps, gate.gateId, 'needs-person', '--yes', `${gate.title}\n${gate.text}`.trim());
    },

    async cancel(run, who, reason) {
      const record = await runOf(run);
      const task = await loadTask(deps, record);
      const by = personOf(task, who) ?? who;
      await audited(deps, record.runId, { type: 'cancel-refused', who: by, channel }, () =>
        mustActOnRun(by, record, task, `cancel ${record.taskId}`),
      );
      return runView(deps, await stopRun(deps, record.runId, { as: 'Cancelled', by, reason }, channel));
    },

    async tell(run, who, text, now, key) {
      const record = await runOf(run);
      return tellRun(deps, record, { text, now, key, by: await person(record.runId, who) });
    },

    async egress(run) {
      const record = await runOf(run);
      return refusalsOf(deps, record.work.results);
    },

    async traffic(run) {
      const record = await runOf(run);
      return trafficOf(deps, record.work.results);
    },

    async audit(run) {
      const record = await runOf(run);
      return auditOf(deps, record, await Promise.all((await deps.gates.byRun(record.runId)).map(gateView)));
    },

    async auditLines(run, query) {
      if (run === null) return searchAudit(deps, query, scope);
      return { lines: await linesOf(deps, await runOf(run), query), runs: 1, next: null };
    },

    verifyAudit: async (run) => verifyAudit(deps, run === null ? undefined : await runOf(run), scope),

    async evidence(run) {
      const record = await runOf(run);
      return evidenceOf(deps, record);
    },

    activity: async (run) => activity(deps, await runOf(run)),

    host: async (run) => hostView(deps, await runOf(run)),

    async diff(run) {
      const found = await currentDiff(deps, await contextOf(run), maxDiffBytes);
      return found && { text: found.text, truncated: found.truncated };
    },

    page: (query) => runList(deps, { ...query, scope }),
    inbox: () => inbox(deps, scope),
    detail: async (run) => runDetail(deps, await runOf(run), scope),
    async change(run) {
      const context = await contextOf(run);
      const { plan } = context.record.work;
      return changeView(
        deps,
        context,
        plan === undefined ? null : planSchema.parse(await getJson(deps.artifacts, plan)),
      );
    },

    paused: () => deps.admission.paused(),
    pausedBy: async () => (await deps.admission.pausedBy()) ?? null,

    pause: (paused, who, policy, reason = '') => pauseRuns(deps, { paused, who, policy, reason, channel }),

    async budget(team, policy) {
      const sprint = sprintOf(policy.budgets[team], deps.clock.now());
      if (!sprint || (scope && !scope.teams.includes(team))) return null;
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
