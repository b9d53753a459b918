import type { Hono } from 'hono';
import type { AuditLine } from '../../../core/audit/line.ts';
import { filesOfDiff } from '../../../core/diff/unified.ts';
import { DrydockError } from '../../../core/errors.ts';
import { type Plan, plan } from '../../../core/plan/schema.ts';
import { soloPolicy } from '../../../core/policy/schema.ts';
import type { Audit, Evidence, GateView, RunView, Service, VoteCommand } from '../../../pipeline/service/service.ts';
import type { ChangeView } from '../../../pipeline/view/change.ts';
import type { RunDetail } from '../../../pipeline/view/run-detail.ts';
import type { RunItem } from '../../../pipeline/view/run-item.ts';
import { createWeb } from '../../../web/app.ts';
import type { WebOptions } from '../../../web/options.ts';
import { oneVisitor, type WebEnv } from '../../../web/security/request-guard.ts';

export const now = Date.parse('2026-11-21T12:00:00.000Z');
export const runId = `r-${'a'.repeat(40)}`;
export const gateId = `${runId}.plan.1`;
export const head = 'c'.repeat(40);

const aPlan: Plan = plan.parse({
  summary: 'Mend add.',
  phases: [{ name: 'Mend', files: ['src/math.js'], steps: ['Add instead of subtract'], tests: ['npm test'] }],
  risks: ['none known'],
  rollback: 'Revert the commit.',
});

export const aRun = (change: Partial<RunView> = {}): RunView => ({
  runId,
  taskId: 'FIX-1',
  kind: 'task',
  repository: 'acme/calc',
  attempt: 1,
  status: 'running',
  state: 'Build',
  error: null,
  gate: null,
  branch: 'agent/fix-12345678',
  base: 'b'.repeat(40),
  commit: null,
  pullRequest: null,
  trigger: null,
  runbook: null,
  lessons: [],
  origin: null,
  cost: { usd: 0.42, tokens: { input: 100, output: 20, cached: 5 } },
  transitions: 4,
  durations: { 'plan/1/1': 2_500 },
  events: [{ key: 'claimed', at: '2026-11-21T11:58:00.000Z', type: 'claimed', text: 'base bbbb' }],
  refusals: [],
  createdAt: '2026-11-21T11:55:00.000Z',
  endedAt: null,
  ...change,
});

export const aGate = (change: Partial<GateView> = {}): GateView => ({
  gateId,
  runId,
  taskId: 'FIX-1',
  kind: 'plan',
  round: 1,
  head,
  title: 'Approve the plan',
  text: 'the plan as text',
  acceptable: false,
  approvers: ['lead', 'second'],
  needsPerson: false,
  requester: 'dev@example.com',
  eligible: ['lead', 'second'],
  required: 1,
  solo: false,
  revisionsLeft: 2,
  approvals: [],
  status: 'pending',
  delivered: false,
  openedAt: '2026-11-21T11:59:00.000Z',
  expiresAt: '2026-11-24T11:59:00.000Z',
  version: 1,
  votes: [],
  ...change,
});

export const someEvidence = (change: Partial<Evidence> = {}): Evidence => ({
  plan: aPlan,
  estimate: null,
  phases: { verify: aPhase() },
  diff: [
    { path: 'src/math.js', op: 'put', bytes: 34 },
    { path: 'src/other.js', op: 'put', bytes: 1 },
  ],
  reviews: null,
  answer: null,
  runbook: null,
  lessons: [],
  pullRequestBody: 'Run of FIX-1',
  ...change,
});

export const aLine = (change: Partial<AuditLine> = {}): AuditLine => ({
  ...{ chain: runId, taskId: 'FIX-1', seq: 1, at: '2026-11-21T11:59:00.000Z', who: 'lead', what: 'vote' },
  ...{ why: 'lead: approve', channel: 'page', on: head, prevHash: '0'.repeat(64), hash: '1'.repeat(64) },
  ...change,
});

export const aPhase = (change: Record<string, unknown> = {}) => ({
  phaseKey: `${runId}/verify/1/1`,
  enforcer: 'cgroup2',
  ms: 1_200,
  result: {
    phaseKey: `${runId}/verify/1/1`,
    outcome: 'verified',
    changeSet: false,
    commands: [{ name: 'test', command: 'npm test', exitCode: 0, timedOut: false, ms: 900, output: 'ok 1\n' }],
    versions: { node: '24.1.0' },
    timings: {},
    ...change,
  },
});

export const anAudit = (change: Partial<Audit> = {}): Audit => ({
  runId,
  taskId: 'FIX-1',
  requester: 'dev@example.com',
  retriers: [],
  policyDigest: 'd'.repeat(64),
  reviews: null,
  events: aRun().events,
  gates: [
    aGate({
      status: 'decided',
      decision: { outcome: 'approved', by: ['lead'], text: '', at: '2026-11-21T11:59:30.000Z' },
    }),
  ],
  calls: [],
  ...change,
});

export const anItem = (change: Partial<RunItem> = {}): RunItem => ({
  runId,
  taskId: 'FIX-1',
  title: 'Mend the sum',
  repository: 'acme/calc',
  team: 'web',
  requester: 'dev@example.com',
  attempt: 1,
  status: 'running',
  words: { text: 'Building', tone: 'run' },
  what: '',
  gate: null,
  spentMicros: 420_000,
  capMicros: 2_000_000,
  createdAt: '2026-11-21T11:55:00.000Z',
  endedAt: null,
  ...change,
});

/** An open gate in a list. */
export const aBrief = (change: Partial<NonNullable<RunItem['gate']>> = {}): NonNullable<RunItem['gate']> => ({
  gateId,
  kind: 'plan',
  title: 'Approve the plan',
  stake: 'Mend add.',
  openedAt: '2026-11-21T11:59:00.000Z',
  expiresAt: '2026-11-24T11:59:00.000Z',
  required: 1,
  approvals: [],
  may: ['lead', 'second'],
  alert: false,
  stuck: false,
  ...change,
});

export const aDetail = (change: Partial<RunDetail> = {}): RunDetail => ({
  ...anItem(),
  instructions: 'The sum is wrong. Mend it.',
  specPath: '.agent-tasks/FIX-1.yaml',
  targetBranch: 'main',
  constraints: [
    { text: 'Change only src/**', by: 'guard', detail: '' },
    { text: 'Keep the signature', by: 'told', detail: '' },
  ],
  criteria: [{ says: '1 + 1 is 2', run: 'node check.js', passed: true }],
  checkpoints: [],
  agent: 'careful',
  model: 'gemini-2.5-pro',
  estimate: null,
  plan: aPlan,
  tests: { ok: true, total: 6, failed: 0, failing: [], base: 5, flaky: false },
  changedFiles: 2,
  steps: [
    { name: 'Checked', is: 'done', ms: 0, rounds: 0, by: [], waitedMs: 0 },
    { name: 'Plan', is: 'done', ms: 2_500, rounds: 1, by: [], waitedMs: 0 },
    { name: 'Plan approved', is: 'done', ms: 0, rounds: 0, by: ['lead'], waitedMs: 120_000 },
    { name: 'Build', is: 'now', ms: 0, rounds: 0, by: [], waitedMs: 0 },
    { name: 'CI', is: 'left-out', ms: 0, rounds: 0, by: [], waitedMs: 0 },
  ],
  gates: [{ gateId, required: 1, approvals: [], may: ['lead', 'second'], critical: [] }],
  attempts: [{ runId, attempt: 1, status: 'running' }],
  added: { constraints: [], answers: [], remarks: [] },
  planApprovers: ['lead'],
  ...change,
});

export const aChange = (text = aDiff, phases: Record<string, string> = { 'src/math.js': 'Mend' }): ChangeView => ({
  of: head,
  truncated: false,
  files: filesOfDiff(text).map((file) => ({ ...file, phase: phases[file.path] ?? null, generated: false })),
});

export const aDiff = `diff --git a/src/math.js b/src/math.js
index 1..2 100644
--- a/src/math.js
+++ b/src/math.js
@@ -1 +1 @@
-export const add = (a, b) => a - b;
+export const add = (a, b) => a + b;
`;

/** Methods that change something; every call is kept. */
type Act = {
  method: 'draft' | 'split' | 'vote' | 'cancel' | 'tell' | 'retry' | 'pause' | 'submit' | 'needsPerson';
  args: unknown[];
};

export interface Fake {
  app: Hono<WebEnv>;
  acts: Act[];
  faults: unknown[];
  get(path: string, headers?: Record<string, string>): Promise<{ status: number; text: string; headers: Headers }>;
  /** Reads the page's form as a browser does and sends it with these fields. */
  submit(
    page: string,
    action: string,
    fields: Record<string, string>,
    headers?: Record<string, string>,
  ): Promise<Response>;
}

const origin = 'http://127.0.0.1:7717';

export function fake(service: Partial<Service> = {}, options: Partial<WebOptions> = {}): Fake {
  const acts: Act[] = [];
  const faults: unknown[] = [];
  const act =
    <R>(method: Act['method'], result: R) =>
    async (...args: unknown[]): Promise<R> => {
      acts.push({ method, args });
      return result;
    };
  const known = async <T>(id: string, value: T, name: 'RunNotFound' | 'GateNotFound'): Promise<T> => {
    if (!id.startsWith(runId)) throw new DrydockError(name, `There is no ${id}.`);
    return value;
  };
  const all: Service = {
    tell: act('tell', { reaches: 'agent' as const }),
    split: act('split', { runId, outcome: 'started' as const, attempt: 1 }),
    draft: act('draft', { runId, outcome: 'started' as const, attempt: 1 }),
    submit: act('submit', { runId, outcome: 'started' as const, attempt: 1 }),
    retry: act('retry', { runId: `r-${'e'.repeat(40)}`, outcome: 'started' as const, attempt: 1 }),
    estimate: () => Promise.reject(new Error('no page estimates')),
    propose: () => Promise.reject(new Error('no page proposes a spec')),
    memory: async () => ({ branch: 'main', runbooks: [], lessons: [] }),
    runbookUses: async () => [],
    lessonStats: async () => [],
    run: (id) => known(id, aRun(), 'RunNotFound'),
    ended: (id) => known(id, aRun(), 'RunNotFound'),
    list: async () => [aRun()],
    page: async () => ({ items: [anItem()], unreadable: [], next: null, counts: { running: 1 } }),
    inbox: async () => ({ items: [], more: false }),
    detail: (id) => known(id, aDetail(), 'RunNotFound'),
    change: async () => aChange(),
    unfinished: async () => ({ runs: [aRun()], next: null }),
    gate: (id) => known(id, aGate(), 'GateNotFound'),
    gatesOf: async () => [aGate()],
    vote: act('vote', aGate()),
    needsPerson: act('needsPerson', undefined),
    cancel: act('cancel', aRun({ status: 'cancelled' })),
    egress: async () => [],
    traffic: async () => [],
    audit: (id) => known(id, anAudit(), 'RunNotFound'),
    auditLines: async () => ({ lines: [aLine()], runs: 1, next: null }),
    verifyAudit: async () => ({ ok: true, runs: 1, beforeChain: 0, broken: [], deployment: null }),
    evidence: async () => someEvidence(),
    activity: async () => [],
    diff: async () => ({ text: aDiff, truncated: false }),
    host: async () => null,
    pause: act('pause', { paused: true }),
    paused: async () => false,
    pausedBy: async () => null,
    budget: async () => null,
    why: () => Promise.reject(new Error('no page asks why')),
    idle: async () => true,
    ...service,
  };
  const app = createWeb({
    service: () => all,
    async *watch() {},
    outbox: async () => [],
    authenticate: oneVisitor('lead', new Uint8Array(32).fill(7)),
    policy: { ...soloPolicy({ id: 'lead', email: 'lead@example.com' }, []), ...options.policy },
    now: () => now,
    onFault: (error) => faults.push(error),
    ...options,
  });
  const get: Fake['get'] = async (path, headers = {}) => {
    const response = await app.request(origin + path, { headers: { host: '127.0.0.1:7717', ...headers } });
    return { status: response.status, text: await response.text(), headers: response.headers };
  };
  return {
    app,
    acts,
    faults,
    get,
    async submit(page, action, fields, headers = {}) {
      const { text, headers: given } = await get(page);
      const cookie = (given.get('set-cookie') ?? '').split(';')[0] ?? '';
      const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
      return app.request(origin + action, {
        method: 'POST',
        body: new URLSearchParams({ csrf, ...fields }).toString(),
        headers: {
          host: '127.0.0.1:7717',
          'content-type': 'application/x-www-form-urlencoded',
          origin,
          'sec-fetch-site': 'same-origin',
          cookie,
          ...headers,
        },
      });
    },
  };
}

export const lastVote = ({ acts }: Fake): VoteCommand => acts.at(-1)?.args[0] as VoteCommand;
