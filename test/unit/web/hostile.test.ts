import fc from 'fast-check';
import { expect, test } from 'vitest';
import { plan } from '../../../core/plan/schema.ts';
import { visible } from '../../../core/text/hidden.ts';
import { link, markup } from '../../../web/html/markup.ts';
import { oneVisitor } from '../../../web/security/request-guard.ts';
import { aBrief, aChange, aDetail, aGate, aLine, anAudit, anItem, aPhase, aRun, fake, gateId, runId } from './fake.ts';

const nasty = `"><script>alert(1)</script><img src=x onerror=alert(1)>'\`\${1}</textarea></pre>\u202e\u200b\u001b[2K\u{E0041}<!-- gone`;

/** Puts the text in every string of a value, but for those that pages take as identifiers, times and kinds. */
function everywhere<T>(value: T): T {
  const keep = /^(runId|gateId|kind|status|outcome|at|\w+At|type|head|op|baseline|choice|origin|name|state)$/;
  const walk = (v: unknown, key: string): unknown => {
    if (typeof v === 'string')
      return keep.test(key) && key !== 'name' && key !== 'state' && key !== 'head' ? v : `${v}${nasty}`;
    if (Array.isArray(v)) return v.map((item) => walk(item, key));
    if (typeof v === 'object' && v !== null)
      return Object.fromEntries(Object.entries(v).map(([k, inner]) => [k, walk(inner, k)]));
    return v;
  };
  return walk(value, '') as T;
}

const brokenChain = { chain: 'c', ok: false, lines: 1, before: 0, head: null, fault: { seq: 1, what: 'w' } };
const brokenAudit = { ok: false, runs: 1, beforeChain: 1, broken: [brokenChain], deployment: brokenChain };
const hostilePlan = everywhere(
  plan.parse({
    summary: 's',
    analysis: { touch_points: ['t'], dependencies: ['d'] },
    research: [{ claim: 'c', source: 's' }],
    phases: [{ name: 'n', files: ['f'], steps: ['s'], tests: ['t'], estimate: 'e' }],
    impact: { components: ['c'], breaking_changes: ['b'] },
    risks: ['r'],
    rollback: 'r',
  }),
);
const hostileRun = everywhere(
  aRun({
    status: 'waiting',
    gate: gateId,
    commit: 'c',
    error: { name: 'VerifyFailed', message: 'm', remedy: 'r' },
    pullRequest: { id: '1', url: 'javascript:1', draft: true },
    durations: { [nasty]: 1 },
  }),
);
const hostileItem = everywhere(anItem({ status: 'waiting', gate: aBrief({ may: ['lead', 'lead2'], required: 2 }) }));
const hostileChange = {
  of: nasty,
  truncated: true,
  files: aChange(`diff --git a/x${nasty} b/x${nasty}\n@@ -1,2 +1,2 @@ ${nasty}\n-${nasty}1\n+${nasty}2\n`).files,
};
const decided = {
  outcome: 'approved' as const,
  by: ['b'],
  text: 't',
  constraint: 'c',
  edit: 'e',
  at: '2026-11-21T11:59:30.000Z',
};
const hostileGate = (kind: 'plan' | 'question' | 'review' | 'checkpoint') =>
  everywhere(
    aGate({
      kind,
      question: { question: 'q', context: 'c', options: ['o'], suggested: 'o' },
      votes: [{ person: 'p', choice: 'approve', text: 't', head: 'h', at: '2026-11-21T11:59:30.000Z', late: true }],
    }),
  );

const site = (kind: 'plan' | 'question' | 'review' | 'checkpoint' = 'plan', over: Parameters<typeof fake>[0] = {}) =>
  fake(
    {
      run: async () => hostileRun,
      list: async () => [hostileRun],
      gate: async () => hostileGate(kind),
      audit: async () =>
        everywhere(
          anAudit({
            gates: [hostileGate(kind), { ...hostileGate(kind), status: 'decided', decision: everywhere(decided) }],
            calls: [
              {
                id: '1',
                provider: 'p',
                model: 'm',
                kind: 'k',
                inputTokens: 1,
                outputTokens: 1,
                cachedTokens: 0,
                usdMicros: 1,
                state: 'settled',
              },
            ],
          }),
        ),
      auditLines: async () => ({ lines: [everywhere(aLine())], runs: 1, next: nasty }),
      verifyAudit: async () => ({ ...everywhere(brokenAudit), ok: false }),
      page: async () => ({ items: [hostileItem], unreadable: [nasty], next: nasty, counts: { running: 1 } }),
      inbox: async () => ({ items: [hostileItem], more: true }),
      detail: async () => ({ ...everywhere(aDetail()), ...hostileItem, plan: hostilePlan }),
      change: async () => hostileChange,
      memory: async () => ({
        branch: nasty,
        runbooks: [
          {
            ...{ name: nasty, version: 1, description: nasty, triggers: [nasty], problems: [nasty] },
            parameters: [{ name: nasty, description: nasty }],
          },
        ],
        lessons: [
          {
            ...{ slug: nasty, text: nasty, appliesTo: [nasty], added: nasty, reviewBy: nasty, active: false },
            problems: [nasty],
          },
        ],
      }),
      egress: async () => [{ target: nasty, command: nasty, reason: nasty, allow: nasty, at: '' }],
      evidence: async () => ({
        plan: hostilePlan,
        estimate: null,
        phases: { verify: everywhere(aPhase()), [nasty]: nasty },
        diff: [{ path: nasty, op: 'put' }],
        reviews: {
          ...{ reviews: 1, findings: 1, blocking: 1, acted: 0, waived: [{ by: [nasty], what: nasty }] },
          rounds: [
            {
              ...{ reviewer: nasty, model: nasty, round: 1, change: '', usdMicros: 0, summary: nasty },
              findings: [{ severity: 'blocking', path: nasty, message: nasty }],
            },
          ],
        },
        runbook: null,
        lessons: [nasty],
        answer: nasty,
        pullRequestBody: nasty,
      }),
      diff: async () => ({ text: `diff --git a/x${nasty} b/x${nasty}\n@@ -1 +1 @@\n+${nasty}\n`, truncated: true }),
      host: async () => ({
        head: nasty,
        checks: [{ name: nasty, state: nasty as 'passed', conclusion: nasty, url: 'javascript:alert(1)' }],
        reviews: [{ by: nasty, state: nasty as 'approved', head: nasty, current: false }],
      }),
      activity: async () => [
        {
          phaseKey: nasty,
          events: [
            { type: 'message', text: nasty },
            { type: 'tool', id: '1', title: nasty, status: nasty, detail: nasty },
            { type: 'log', source: nasty, text: nasty },
          ],
        },
      ],
      budget: async () => ({
        team: nasty,
        sprint: nasty,
        limitMicros: 1,
        committedMicros: 0,
        settledMicros: 0,
        runs: [{ runId: nasty, taskId: nasty, reservedMicros: 1, settledMicros: null }],
      }),
      ...over,
    },
    {
      authenticate: oneVisitor(nasty, new Uint8Array(32)),
      policy: {
        budgets: { web: {} },
        people: {},
        readers: [],
        operators: [],
        review: { approvers: [] },
        repositories: { [nasty]: { host: 'git', trusted_branches: [nasty], team: nasty } },
      } as never,
      outbox: async () => [
        {
          notice: { key: nasty, kind: 'plan', at: nasty, to: [nasty], facts: {}, link: nasty },
          subject: nasty,
          text: nasty,
          deliveries: [
            {
              ...{ channel: 'mail', to: nasty, state: 'failed', dueAt: nasty, attempts: 1 },
              error: { name: nasty, message: nasty, remedy: nasty },
            },
          ],
          version: 1,
        },
      ],
    },
  );

/** Nothing a text brought along is markup, and nothing in it is invisible. */
function harmless(html: string, path: string): void {
  expect(html, path).toContain('&lt;script&gt;alert(1)');
  const withoutOurs = html.replace(/<script type="module" nonce="[^"]+" src="\/assets\/[\w.-]+"><\/script>/, '');
  expect(withoutOurs, path).not.toMatch(/<script|<img|<!--/i);
  expect(withoutOurs, path).not.toMatch(/<[^>"]*(?:"[^"]*"[^>"]*)*\son\w+=/i);
  expect(html, path).not.toMatch(/\p{Cf}|[^\P{Cc}\t\n]/u);
  expect(html, path).not.toContain('href="javascript');
}

test.each([
  '/',
  '/?all=1',
  '/runs',
  '/repositories',
  `/repositories/memory?repo=${encodeURIComponent(nasty)}`,
  '/audit?check=yes',
  `/runs/${runId}`,
  `/runs/${runId}/plan`,
  `/runs/${runId}/change?view=split`,
  `/runs/${runId}/evidence`,
  `/runs/${runId}/cost`,
  `/runs/${runId}/audit`,
  `/runs/${runId}/activity`,
  `/gates/${gateId}`,
  '/outbox',
  '/budget',
  `/runs?q=${encodeURIComponent(nasty)}&status=${encodeURIComponent(nasty)}`,
])('hostile text in every field stays text on %s', async (path) => {
  const { status, text } = await site().get(path);
  expect(status).toBe(200);
  harmless(text, path);
});

test.each(['question', 'review', 'checkpoint'] as const)('hostile text stays text on a %s gate', async (kind) => {
  harmless((await site(kind).get(`/gates/${gateId}`)).text, kind);
  const closed = site(kind, {
    gate: async () => ({ ...hostileGate(kind), status: 'decided' as const, decision: everywhere(decided) }),
  });
  harmless((await closed.get(`/gates/${gateId}`)).text, `${kind}, decided`);
});

test('an error page shows its message as text', async () => {
  const failing = site('plan', {
    run: async () => Promise.reject(new (await import('../../../core/errors.ts')).DrydockError('RunNotFound', nasty)),
  });
  const { status, text } = await failing.get(`/runs/${encodeURIComponent(nasty)}`);
  expect(status).toBe(404);
  harmless(text, 'error');
});

test('a comment hides nothing from a reviewer: the rest of the diff is there', async () => {
  const change = aChange(
    'diff --git a/a.html b/a.html\n@@ -1 +1,2 @@\n+<!--\n+evil()\ndiff --git a/b.js b/b.js\n@@ -1 +1 @@\n+more()\n',
  );
  const { text } = await fake({ run: async () => aRun({ status: 'delivered' }), change: async () => change }).get(
    `/runs/${runId}/change`,
  );
  for (const shown of ['&lt;!--', 'evil()', 'more()']) expect(text).toContain(shown);
});

test('any text put into an element or an attribute comes back as it was, but for what cannot be seen', () => {
  const unit = fc.constantFrom(
    '<',
    '>',
    '"',
    "'",
    '&',
    ';',
    'amp',
    '-',
    '`',
    'a',
    ' ',
    '\n',
    '\r',
    '\t',
    '\u0000',
    '\u001b',
    '\u200b',
    '\u202e',
    '\ud800',
    '\udfff',
    '😀',
    'é',
  );
  const asText = (html: string) =>
    html.replace(
      /&(lt|gt|quot|#39|amp);/g,
      (_, name: string) => ({ lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' })[name] ?? '',
    );
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      const html = String(markup`<a title="${text}">${text}</a>`);
      const [, attribute = '', element = ''] = /^<a title="([^"<>]*)">([^<>]*)<\/a>$/.exec(html) ?? [
        '',
        '\u0000',
        '\u0000',
      ];
      expect([asText(attribute), asText(element)]).toEqual([visible(text), visible(text)]);
    }),
  );
});

test('only web addresses become links', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string().map((rest) => `https://example.com/${rest}`),
        fc.string(),
        fc.constantFrom(
          'javascript:alert(1)',
          'data:text/html,x',
          'file:///etc/passwd',
          '//evil.example',
          ' javascript:1',
        ),
      ),
      (url) => {
        const href = /href="([^"]*)"/.exec(String(link(url)))?.[1];
        expect(href === undefined || /^https?:\/\//.test(href)).toBe(true);
      },
    ),
  );
  expect(String(link('https://example.com/a'))).toContain('href="https://example.com/a"');
});
