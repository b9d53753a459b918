import { type Notice, noticeOf } from '../../core/notification/notice.ts';

const runId = `r-76e2cfa9${'0'.repeat(32)}`;
const at = '2026-11-27T06:27:00.000Z';
const run = {
  runId,
  taskId: 'SHOP-102',
  title: 'Migrate user authentication to OAuth 2.1 with PKCE',
  repository: 'acme/shop',
  team: 'checkout',
  requester: 'dana',
  attempt: 1,
  asked: 'Replace the session tokens of src/auth by OAuth 2.1 with PKCE, and keep old sessions for fourteen days.',
  spentMicros: 580_000,
  capMicros: 3_000_000,
  link: `https://drydock.example/runs/${runId}`,
};
const gate = (kind: 'plan' | 'review' | 'checkpoint' | 'question', more: object = {}): NonNullable<Notice['gate']> => ({
  gateId: `${runId}.${kind}.1`,
  head: '4c1f0a9d2b7e4c1f0a9d2b7e4c1f0a9d2b7e4c1f',
  kind,
  title: 'Approve the plan',
  openedAt: at,
  expiresAt: '2026-11-30T06:27:00.000Z',
  required: 1,
  approvals: [],
  may: ['anna', 'ben'],
  mayNot: ['dana'],
  options: [],
  link: `https://drydock.example/gates/${runId}.${kind}.1`,
  ...more,
});
const change = { files: 31, added: 2_698, removed: 8, partial: false, unplanned: ['docs/rates.md'] };
const tests = { ok: true, total: 32, failed: 0, failing: [], base: 5 };
const costs = 'up to $2.42 more';

const drafts: Record<Notice['kind'], Partial<Notice>> = {
  plan: {
    run,
    gate: gate('plan'),
    facts: {
      context:
        'Replace home-made session tokens by OAuth 2.1 with PKCE, in seven steps that each leave the service working. Old tokens are accepted for fourteen days.',
      plan: {
        phases: 7,
        checkpoints: 2,
        touches: ['src/auth', 'src/cart'],
        breaking: ['After fourteen days older sessions end', 'SESSION_SECRET is no longer read after phase 5'],
        risks: ['Clock skew makes fresh tokens look expired', 'JWKS may be rate-limited at a cold start'],
      },
      first: [],
      approving: `Approving starts the build, which may cost ${costs}.`,
    },
  },
  review: {
    run,
    gate: gate('review', {
      title: 'Review agent/shop-102-6bf3e8f6',
      required: 2,
      approvals: ['anna'],
      may: ['ben'],
      why: '2 approvals are needed, because the change touches src/auth/**, which the policy calls critical; there is 1.',
    }),
    facts: {
      first: ['TestsWeakened: test/login.test.js: 2 tests are skipped'],
      change,
      tests,
      approving: 'Approving marks the pull request as ready; a person merges it.',
    },
  },
  checkpoint: {
    run,
    gate: gate('checkpoint', { title: 'Checkpoint: tokens are issued' }),
    facts: {
      context: 'The new endpoint issues tokens; no caller uses it yet.',
      first: [],
      change: { files: 6 },
      approving: `Approving lets the agent go on, for ${costs}.`,
    },
  },
  question: {
    run,
    gate: gate('question', {
      title: 'In which time zone does a voucher end?',
      may: ['anna', 'ben', 'dana'],
      mayNot: [],
      options: [
        { label: 'End of the day in UTC', suggested: false },
        { label: 'End of the day in the country of the cart', suggested: false },
        { label: 'Anywhere on earth (UTC−12)', suggested: true },
      ],
    }),
    facts: {
      context:
        'src/cart/total.js knows the country of a cart, not its time zone. Ending at midnight UTC ends vouchers at 01:00 or 02:00 in Berlin or Tallinn.',
      first: [],
      approving: `An answer lets the agent go on, for ${costs}.`,
    },
  },
  stuck: {
    run,
    gate: gate('question', {
      title: 'VerifyFailed: 3 rework rounds did not solve it. What should the agent do?',
      options: [
        { label: 'Give the agent a hint', suggested: false, needs: 'text' },
        { label: 'Give up', suggested: false },
      ],
    }),
    facts: {
      context: 'npm test ended with 1\nnot ok 4 - a token of yesterday is refused',
      first: [],
      change: { files: 9, added: 210, removed: 31, partial: false, unplanned: [] },
      tests: { ok: false, total: 12, failed: 1, failing: ['a token of yesterday is refused'], base: 11 },
      approving: `What you choose decides how the run goes on, for ${costs}.`,
    },
  },
  delivered: {
    to: ['dana'],
    run,
    facts: {
      delivered: {
        branch: 'agent/shop-102-6bf3e8f6',
        commit: '4c1f0a9d2b7e4c1f0a9d2b7e4c1f0a9d2b7e4c1f',
        approvers: ['anna', 'ben'],
        url: 'https://github.example/acme/shop/pull/17',
      },
      change,
      tests,
    },
  },
  ended: {
    to: ['dana'],
    run: { ...run, spentMicros: 0 },
    facts: {
      end: {
        status: 'failed',
        error: 'BaselineRed',
        message: '1 of 6 tests fails on main already: exports of the year 2019 parse',
        remedy: 'Repair the tests on the target branch first.',
        by: [],
      },
    },
  },
  expiring: {
    run,
    gate: gate('plan'),
    facts: {
      context: 'In seven steps that each leave the service working.',
      first: [],
      approving: `Approving starts the build, which may cost ${costs}.`,
    },
  },
  budget: {
    facts: {
      budget: {
        team: 'checkout',
        sprint: '2026-11-16',
        share: 50,
        limitMicros: 60_000_000,
        spentMicros: 2_400_000,
        heldMicros: 27_600_000,
        holders: 14,
        daysLeft: 3,
        biggest: [
          { taskId: 'SHOP-102', micros: 3_000_000 },
          { taskId: 'SHOP-104', micros: 2_000_000 },
        ],
      },
    },
    link: 'https://drydock.example/budget',
  },
  digest: {
    to: ['anna'],
    facts: {
      digest: {
        since: '2026-11-27T08:00:00.000Z',
        until: '2026-11-30T08:00:00.000Z',
        delivered: 12,
        rejected: 2,
        failed: 1,
        waiting: 2,
        waits: [
          { taskId: 'SHOP-102', title: run.title, openedAt: at, link: `https://drydock.example/gates/${runId}.plan.1` },
          { taskId: 'SHOP-104', title: 'Let vouchers expire', openedAt: '2026-11-29T12:00:00.000Z' },
        ],
        budgets: [{ team: 'checkout', spentMicros: 14_200_000, limitMicros: 60_000_000 }],
      },
    },
    link: 'https://drydock.example/',
  },
  test: { to: ['anna'], facts: {} },
};

/** A notice of a kind, as a run of the shop makes it. */
export function sampleNotice(kind: Notice['kind'], more: Partial<Notice> = {}): Notice {
  const draft = { ...drafts[kind], ...more };
  const link = draft.link ?? draft.gate?.link ?? draft.run?.link;
  return noticeOf({
    key: `${kind}#${runId}`,
    kind,
    to: draft.gate?.may ?? ['anna', 'ben'],
    at,
    facts: {},
    ...(link === undefined ? {} : { link }),
    ...draft,
  });
}
