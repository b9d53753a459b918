import { plan } from '../../../../core/plan/schema.ts';
import type { CheckFacts } from '../../../../core/publish/check.ts';
import type { FileFact, PublishFacts } from '../../../../core/publish/facts.ts';
import type { Gate } from '../../../../core/run/gate.ts';
import { factsOf } from './facts.ts';

const passed = { name: 'test', command: 'npm test', exitCode: 0, timedOut: false, ms: 1_200, output: '' };

const rounding: Partial<PublishFacts> = {
  taskId: 'SHOP-101',
  title: 'Round invoice totals half to even',
  requester: 'dana',
  planApprovers: ['anna'],
  instructions:
    'src/cart/round.js rounds halves up.\nMake it round halves to the even neighbour, and add tests for both signs.',
  plan: plan.parse({
    summary: 'Replace Math.round by rounding halves to the even neighbour, with tests for each half.',
    phases: [
      { name: 'Mend the rounding', files: ['src/cart/round.js'], steps: ['Round halves to the even neighbour'] },
      { name: 'Test it', files: ['test/round.test.js'], steps: ['Add a table of halves'] },
    ],
    risks: ['Totals of carts with a half cent change by one cent'],
    rollback: 'Revert the commit; no data is written.',
  }),
  files: [
    {
      path: 'src/cart/round.js',
      op: 'put',
      phase: 'Mend the rounding',
      size: { op: 'changed', added: 6, removed: 1 },
    },
    { path: 'test/round.test.js', op: 'put', phase: 'Test it', size: { op: 'added', added: 6, removed: 0 } },
  ],
  constraints: [
    { text: 'Only src/cart and test', enforcedBy: 'guard', detail: 'src/cart/**, test/**' },
    { text: 'Keep the signature', enforcedBy: 'advisory', detail: '' },
  ],
  usdMicros: 100_000,
  capMicros: 2_000_000,
  expectedMicros: 90_000,
  link: 'https://drydock.example/runs/r-1',
  commands: true,
};

const manyFiles: FileFact[] = Array.from({ length: 31 }, (_, i) => ({
  path: `src/rates/${i}.js`,
  op: 'put',
  phase: i === 30 ? undefined : 'Write the rates',
  size: { op: 'added', added: 87, removed: 0 },
}));

/** One case for each kind of pull request; each has a golden text. */
export const pullRequests: Record<string, PublishFacts> = {
  small: factsOf(rounding),
  rework: factsOf({
    ...rounding,
    rounds: [
      { round: 2, by: ['ben'], text: 'A table of examples was asked for.' },
      { round: 3, by: ['CI'], text: 'The gate e2e failed: 1 of 9 tests' },
    ],
    answers: [{ by: 'anna', question: 'Do negative halves count?', text: 'Yes, as positive ones do.' }],
    remarks: [{ by: 'ben', text: 'The helper in src/cart/money.js rounds already.' }],
    added: [{ by: ['anna'], constraint: 'No new dependency' }],
  }),
  large: factsOf({
    ...rounding,
    taskId: 'SHOP-103',
    title: 'Write the rates of all member states',
    instructions: `Write the rates of each member state as data.\n${'Look them up by date, and keep the old function. '.repeat(40)}`,
    plan: plan.parse({ summary: 'Rates as data.', phases: [{ name: 'Write the rates', files: ['src/rates/*.js'] }] }),
    files: manyFiles,
    tests: { ok: true, total: 32, failed: 0, base: 5 },
    critical: [{ glob: 'src/rates/**', reviewers: 2 }],
    refusals: [
      {
        target: 'pastebin.com:443',
        command: 'curl -d @README.md',
        reason: 'the host is not allowed',
        allow: 'egress.hosts',
        at: '',
      },
    ],
    hidden: ['out.log'],
    flipped: ['src/old.js'],
    reviews: ['careful: note: src/rates/1.js:3: the comment is out of date'],
  }),
  alarming: factsOf({
    ...rounding,
    solo: true,
    weakened: [{ rule: 'TestsWeakened', path: 'test/round.test.js', message: '1 of 2 tests are gone' }],
    agentFailure: 'AgentFailed: the agent exited with 3',
    first: [{ rule: 'CiChanged', path: '.husky/pre-commit', line: 3, message: 'is new: what CI does', named: false }],
    tests: { ok: false, total: 6, failed: 1, base: 7 },
    verify: {
      commands: [
        { ...passed, exitCode: 1, output: 'not ok 1 - moon\n' },
        { ...passed, name: 'test again' },
      ],
      versions: {},
      enforcer: 'none',
    },
    capMicros: 2_000_000,
    expectedMicros: undefined,
    constraints: [],
  }),
};

const gateOf = (more: Partial<Gate>): Gate => ({
  gateId: 'r-1.plan.1',
  runId: 'r-1',
  taskId: 'SHOP-101',
  kind: 'plan',
  round: 1,
  head: 'h',
  title: 'Approve the plan',
  text: '',
  needsPerson: false,
  acceptable: false,
  approvers: ['anna', 'ben'],
  eligible: ['anna', 'ben'],
  required: 1,
  revisionsLeft: 1,
  requester: 'dana',
  solo: false,
  approvals: [],
  status: 'pending',
  token: '',
  delivered: false,
  openedAt: '2026-11-01T00:00:00.000Z',
  expiresAt: '2026-11-04T00:00:00.000Z',
  version: 1,
  ...more,
});

const record: CheckFacts['record'] = {
  runId: 'r-1',
  taskId: 'SHOP-101',
  title: 'Round invoice totals half to even',
  status: 'running',
  state: 'Build',
  requester: 'dana',
  targetBranch: 'main',
};
const early: CheckFacts = {
  record,
  doing: 'Building',
  gate: undefined,
  may: [],
  phases: undefined,
  ciGates: [],
  verdict: {
    tests: null,
    change: null,
    constraints: { guard: 1, test: 0, advisory: 1 },
    spentMicros: 30_000,
    capMicros: 2_000_000,
    expectedMicros: 90_000,
  },
  baseTests: undefined,
};
const late: CheckFacts['verdict'] = {
  ...early.verdict,
  tests: { ok: true, total: 11, failed: 0, base: 5 },
  change: { files: 2, added: 12, removed: 1, unplanned: 0 },
};
const waiting = { ...record, status: 'waiting' as const };
const question = { context: '', options: ['Three', 'Five'], suggested: 'Five' };

/** Each state of a check; the golden text has their titles and summaries. */
export const checks: Record<string, CheckFacts> = {
  building: early,
  plan: { ...early, record: waiting, gate: gateOf({}), may: ['anna', 'ben'], phases: 7 },
  question: {
    ...early,
    record: waiting,
    gate: gateOf({ kind: 'question', title: 'q', question: { ...question, question: 'How many retries?\nAnd why?' } }),
    may: ['anna'],
  },
  stuck: {
    ...early,
    record: waiting,
    gate: gateOf({ kind: 'question', title: 'VerifyFailed', options: [{ label: 'Give up', does: 'reject' }] }),
    may: ['anna', 'ben', 'cleo', 'dora', 'emil', 'fred'],
  },
  checkpoint: { ...early, record: waiting, gate: gateOf({ kind: 'checkpoint', title: 'Half of it' }), may: ['anna'] },
  ci: { ...early, record: { ...record, state: 'AwaitCi' }, ciGates: ['lint', 'e2e'], verdict: late },
  review: {
    ...early,
    record: { ...waiting, pullRequest: { id: '7', url: 'https://github.com/acme/shop/pull/7', draft: true } },
    gate: gateOf({ kind: 'review', required: 2, approvals: ['anna'] }),
    may: ['ben'],
    ciGates: ['lint', 'unit', 'e2e'],
    verdict: late,
  },
  ready: { ...early, record: { ...record, status: 'delivered' }, verdict: late },
  'red base': {
    ...early,
    record: {
      ...record,
      status: 'failed',
      error: { name: 'BaselineRed', message: 'The tests fail on main.', remedy: 'Mend them.' },
    },
    baseTests: { failed: 1, total: 6 },
  },
  rejected: {
    ...early,
    record: { ...record, status: 'rejected', error: { name: 'Rejected', message: 'ben: too risky', remedy: '' } },
  },
};
