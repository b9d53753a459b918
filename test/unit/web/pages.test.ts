import { describe, expect, test } from 'vitest';
import { DrydockError } from '../../../core/errors.ts';
import type { OutboxEntry } from '../../../core/ports/store/outbox.ts';
import type { RunQuery } from '../../../core/ports/store/runs.ts';
import type { TimedEvent } from '../../../pipeline/service/activity.ts';
import type { WatchItem } from '../../../pipeline/service/service.ts';
import type { RunItem } from '../../../pipeline/view/run-item.ts';
import { oneVisitor } from '../../../web/security/request-guard.ts';
import {
  aBrief,
  aChange,
  aDiff,
  aGate,
  anItem,
  aPhase,
  aRun,
  fake,
  gateId,
  head,
  now,
  runId,
  someEvidence,
} from './fake.ts';

const run = `/runs/${runId}`;

describe('R40 what needs a person', () => {
  const waiting = (taskId: string, gate: Partial<NonNullable<RunItem['gate']>>, change: Partial<RunItem> = {}) =>
    anItem({
      taskId,
      title: `Title of ${taskId}`,
      status: 'waiting',
      words: { text: 'Needs you: plan', tone: 'wait' },
      gate: aBrief(gate),
      ...change,
    });
  const items = [
    waiting('ASK-1', { kind: 'question', stake: 'Which way?' }),
    waiting('TWO-1', { kind: 'review', required: 2, approvals: ['lead'], may: ['second'] }),
    waiting('OWN-1', { may: ['second'] }),
  ];
  const tasks = (text: string) => [...text.matchAll(/Title of ([A-Z]+-1)<\/a>/g)].map((match) => match[1]);
  const site = fake({ inbox: async () => ({ items, more: false }) });

  test('has what the visitor can decide, with the stake, the wait and the others; all of it on request', async () => {
    const { text } = await site.get('/');
    expect(tasks(text)).toEqual(['ASK-1']);
    for (const shown of ['1 decision waits for you', 'Which way?', 'You or second', 'waits 1 min', '$0.42 of $2.00'])
      expect(text).toContain(shown);
    expect(text).toContain('<title>(1) Needs you');
    expect(text).toContain('2 more for others');
    const all = (await site.get('/?all=1')).text;
    expect(tasks(all)).toEqual(['ASK-1', 'TWO-1', 'OWN-1']);
    expect(all).toContain('You approved; another person has to.');
    expect(all.match(/Waits for second/g)).toHaveLength(2);
  });

  test('says what came last where nothing waits', async () => {
    const done = anItem({ title: 'Round halves', words: { text: 'Delivered', tone: 'good' } });
    const { text } = await fake({
      page: async () => ({ items: [done], unreadable: [], next: null, counts: null }),
    }).get('/');
    expect(text).toContain('Nothing waits for you');
    expect(text).toContain('Round halves');
  });
});

describe('R40 runs', () => {
  const items = [
    anItem({ taskId: 'NEW-1', title: 'Newer', createdAt: '2026-11-21T11:59:00.000Z' }),
    anItem({
      taskId: 'ASK-1',
      status: 'waiting',
      words: { text: 'Needs you: plan', tone: 'wait' },
      gate: aBrief(),
      what: 'Mend add.',
    }),
  ];
  const listed = (queries: RunQuery[] = []) =>
    fake({
      async page(query) {
        queries.push(query);
        return {
          items,
          unreadable: [],
          next: 'a cursor',
          counts: { running: 3, waiting: 1, failed: 2, 'over-budget': 1 },
        };
      },
    });

  test('are shown by their titles, with state, stake, cost and age', async () => {
    const { text } = await listed().get('/runs');
    for (const shown of ['Newer', 'Building', 'Needs you: plan', 'Mend add.', 'dev@example.com', '$0.42', '1 min ago'])
      expect(text).toContain(shown);
    expect(text).toContain(`href="/gates/${gateId}"`);
    expect(text).toContain('3 working');
    expect(text).toContain('3 failed');
    expect(text).toContain('href="/runs?before=a+cursor" rel="next"');
  });

  test('are asked of the store by one query, with every filter of the address', async () => {
    const queries: RunQuery[] = [];
    const site = listed(queries);
    await site.get('/runs?repo=acme/web&team=web&by=dana&q=%20halves%20&state=failed&before=x');
    await site.get('/runs?status=queued');
    expect(queries).toEqual([
      {
        repository: 'acme/web',
        team: 'web',
        by: 'dana',
        text: 'halves',
        statuses: ['failed', 'over-budget'],
        before: 'x',
        limit: 50,
      },
      { statuses: ['queued'], limit: 50 },
    ]);
  });

  test('none matches, or none is there', async () => {
    const none = fake({ page: async () => ({ items: [], unreadable: [], next: null, counts: {} }) });
    expect((await none.get('/runs?q=nothing')).text).toContain('No run matches the filter');
    expect((await none.get('/runs')).text).toContain('No runs yet');
  });

  test('say whether new runs are admitted', async () => {
    expect((await fake({ paused: async () => true }).get('/runs')).text).toContain('Paused.');
    expect((await fake().get('/runs')).text).not.toContain('Paused.');
  });
});

describe('R40 R32 a run', () => {
  test('shows what the code host says: checks, reviews, and which of them are of an earlier commit', async () => {
    const { text } = await fake({
      run: async () => aRun({ commit: head, origin: { branch: 'main', commit: 'd'.repeat(40) } }),
      host: async () => ({
        head,
        checks: [{ name: 'build', state: 'failed', conclusion: 'timed_out', url: 'https://example.com/1' }],
        reviews: [
          { by: 'lead-gh', state: 'approved', head: 'e'.repeat(40), current: false },
          { by: 'second-gh', state: 'changes-requested', head, current: true },
        ],
      }),
    }).get(run);
    for (const shown of ['href="https://example.com/1"', 'build', 'timed_out', 'lead-gh', 'second-gh', 'dddddddddddd'])
      expect(text).toContain(shown);
    expect(text.match(/it no longer counts/g)).toHaveLength(1);
  });

  test('stands when the code host does not answer', async () => {
    const { text, status } = await fake({
      host: () => Promise.reject(new DrydockError('HostUnavailable', 'GitHub did not answer.')),
    }).get(run);
    expect(status).toBe(200);
    expect(text).toContain('HostUnavailable');
    expect(text).toContain('The sum is wrong. Mend it.');
  });

  test('shows what was asked, how it is held, where it stands, and each part on a page of its own', async () => {
    const commit = 'c'.repeat(40);
    const site = fake({
      run: async () =>
        aRun({ status: 'delivered', commit, pullRequest: { id: '1', url: 'https://example.com/pr/1', draft: false } }),
    });
    const parts: [string, string[]][] = [
      [
        '',
        [
          'Mend the sum',
          'The sum is wrong. Mend it.',
          'Keep the signature',
          '>told<',
          '>guard<',
          commit,
          'careful · gemini-2.5-pro',
        ],
      ],
      ['/plan', ['Mend add.', 'Add instead of subtract']],
      ['/change', ['src/math.js', 'Mend', '<td class="c a">+export const add = (a, b) =&gt; a ', '1 file']],
      [
        '/evidence',
        ['6 of 6 pass', '1 more than the base has', 'ok 1', 'npm test', 'node 24.1.0', 'Run of FIX-1', '1 + 1 is 2'],
      ],
      ['/cost', ['$0.42', '21 % of the limit']],
      ['/audit', ['approved by lead', 'dev@example.com']],
    ];
    for (const [part, all] of parts) {
      const { text, status } = await site.get(`${run}${part}`);
      expect(status).toBe(200);
      for (const shown of all) expect(text, part).toContain(shown);
      expect(text).toContain('aria-current="page"');
      expect(text).toContain('href="https://example.com/pr/1"');
    }
  });

  test('a file that the plan does not name is said to be not planned; a line shows what in it changed', async () => {
    const text = `${aDiff}diff --git a/src/other.js b/src/other.js\nnew file mode 100644\n@@ -0,0 +1 @@\n+1\n`;
    const page = (await fake({ change: async () => aChange(text) }).get(`${run}/change`)).text;
    expect(page).toMatch(/<code>src\/other\.js<\/code>[\s\S]*not planned/);
    expect(page).toContain('a <del>-</del> b;');
    expect(page).toContain('a <ins>+</ins> b;');
    const split = (await fake().get(`${run}/change?view=split&wrap=no`)).text;
    expect(split).toContain('<col class="ln"><col><col class="ln"><col>');
    expect(split).toContain('class="d long"');
  });

  test('follows while it runs, with and without JavaScript, and not after its end', async () => {
    const live = (await fake().get(run)).text;
    expect(live).toContain('<noscript><meta http-equiv="refresh" content="30"');
    expect(live).toContain('data-live="stream"');
    // A wait may last for days, and a person may be writing.
    const waiting = (await fake({ run: async () => aRun({ status: 'waiting' }) }).get(run)).text;
    expect(waiting).not.toContain('http-equiv="refresh"');
    const ended = (await fake({ run: async () => aRun({ status: 'failed' }) }).get(run)).text;
    expect(ended).not.toContain('http-equiv="refresh"');
    expect(ended).not.toContain('data-live');
  });

  test('its script runs under the nonce of its own answer only', async () => {
    const site = fake();
    const [first, second] = [await site.get(run), await site.get(run)];
    const nonce = (page: typeof first) =>
      /<script type="module" nonce="([^"]+)" src="\/assets\/drydock-[0-9a-f]{12}\.js">/.exec(page.text)?.[1] ?? '';
    expect(nonce(first)).not.toBe('');
    expect(first.headers.get('content-security-policy')).toContain(`script-src 'nonce-${nonce(first)}'`);
    expect(nonce(second)).not.toBe(nonce(first));
  });

  test('an error comes with its remedy, a refusal with the line that would allow it', async () => {
    const error = { name: 'VerifyFailed', message: 'tests failed', remedy: 'See the evidence.' };
    const site = fake({
      run: async () => aRun({ status: 'failed', error }),
      egress: async () => [
        {
          target: 'evil.example:443',
          command: 'curl',
          reason: 'not listed',
          allow: 'egress.hosts: [evil.example]',
          at: '',
        },
      ],
    });
    const { text } = await site.get(run);
    for (const shown of ['VerifyFailed', 'tests failed', 'See the evidence.']) expect(text).toContain(shown);
    const evidence = (await site.get(`${run}/evidence`)).text;
    for (const shown of ['evil.example:443', 'egress.hosts: [evil.example]']) expect(evidence).toContain(shown);
  });

  test('evidence out of reach is said where it is, and the other parts are shown', async () => {
    const site = fake({ evidence: () => Promise.reject(new DrydockError('UnknownRepository', 'it moved')) });
    expect((await site.get(`${run}/evidence`)).text).toContain('it moved');
    expect((await site.get(run)).text).toContain('base bbbb');
  });

  test('a failed command is unfolded, a passed one folded', async () => {
    const failed = {
      name: 'test',
      command: 'npm test',
      exitCode: 1,
      timedOut: false,
      ms: 1,
      output: '\u001b[31mred\u001b[0m',
    };
    const { text } = await fake({
      evidence: async () => someEvidence({ phases: { verify: aPhase({ commands: [failed] }) } }),
    }).get(`${run}/evidence`);
    expect(text).toMatch(/<details open><summary><span class="chip bad">exit 1/);
    expect(text).toContain('>red</pre>');
    expect((await fake().get(`${run}/evidence`)).text).toMatch(/<details><summary><span class="chip good">passed/);
  });

  test('offers to cancel what runs and to retry what ended', async () => {
    const live = (await fake().get(run)).text;
    expect(live).toContain(`action="${run}/cancel"`);
    expect(live).not.toContain('/retry"');
    const ended = (await fake({ run: async () => aRun({ status: 'rejected' }) }).get(run)).text;
    expect(ended).toContain(`action="${run}/retry"`);
    expect(ended).not.toContain('/cancel"');
  });

  test('R32 is followed as events until it ends', async () => {
    const items: WatchItem[] = [
      { kind: 'event', event: { key: 'k', at: '2026-11-21T11:58:00.000Z', type: 'vote', text: 'a\u202eb' } },
      {
        kind: 'phase',
        phaseId: 'p',
        event: {
          ...{ type: 'tool', id: '1', kind: 'run', title: 'npm test', status: 'completed' },
          ...{ ms: 1_200, exitCode: 1, at: '2026-11-21T11:58:01.000Z' },
        } as TimedEvent,
      },
      { kind: 'run', run: aRun({ status: 'delivered' }) },
    ];
    let ended = false;
    const site = fake(
      {},
      {
        async *watch(_run, signal) {
          yield* items;
          ended = signal.aborted;
        },
      },
    );
    const { text, headers } = await site.get(`${run}/follow`);
    expect(headers.get('content-type')).toContain('text/event-stream');
    expect(headers.get('cache-control')).toBe('no-store');
    const messages = text
      .split('\n')
      .filter((line) => line.startsWith('data: '))
      .map((line) => JSON.parse(line.slice(6)));
    expect(messages).toEqual([
      { kind: 'event', key: 'k', at: '2026-11-21T11:58:00.000Z', type: 'vote', text: 'a⟨U+202E⟩b' },
      { kind: 'phase', at: '2026-11-21T11:58:01.000Z', icon: '✕', text: 'npm test', took: 'exit 1 · 1 s' },
      { kind: 'run', status: 'delivered', state: 'Build', cost: '$0.42', ended: true },
    ]);
    expect(ended).toBe(true);
  });
});

describe('R24 a gate', () => {
  const page = async (change: Parameters<typeof aGate>[0], who = 'lead') =>
    (
      await fake({ gate: async () => aGate(change) }, { authenticate: oneVisitor(who, new Uint8Array(32)) }).get(
        `/gates/${gateId}`,
      )
    ).text;
  test.each([
    'plan',
    'review',
    'checkpoint',
    'question',
  ] as const)('R44 %s: hints about texts from outside come first', async (kind) => {
    const hint = 'SuspiciousText: the plan, line 3: asks to turn checks off: “disable the tests”';
    const text = await page({ kind, text: `${hint}\n\nthe rest` });
    expect(text).toContain(hint);
    expect(text.split(hint)).toHaveLength(2);
    expect(text.indexOf(hint)).toBeLessThan(text.indexOf('<dl class="verdict">'));
    expect(await page({ kind, text: `the rest\n\n${hint}` })).not.toContain('give orders to an agent');
  });

  const choices = (text: string) => [...text.matchAll(/name="choice" value="(\w+)"/g)].map((match) => match[1]);

  test.each([
    ['plan', {}, ['approve', 'approve', 'approve', 'revise', 'reject']],
    ['plan without alternatives left', { revisionsLeft: 0 }, ['approve', 'approve', 'approve', 'reject']],
    ['review', { kind: 'review' as const }, ['approve', 'revise', 'reject']],
    ['checkpoint', { kind: 'checkpoint' as const }, ['approve', 'reject']],
    ['question', { kind: 'question' as const }, ['answer', 'reject']],
    ['question that may be accepted', { kind: 'question' as const, acceptable: true }, ['answer', 'approve', 'reject']],
    ['queue', { kind: 'slot' as const }, []],
  ])('%s offers what it takes', async (_name, change, expected) => {
    expect(choices(await page(change))).toEqual(expected);
  });

  test('who may decide, votes so far and expiry are shown; the vote is for what is shown', async () => {
    const text = await page({
      required: 2,
      approvals: ['second'],
      votes: [{ person: 'second', choice: 'approve', text: 'fine', head, at: '2026-11-21T11:59:30.000Z', late: false }],
    });
    for (const shown of ['lead, second', '1 of 2', 'fine', 'expires in 2 d 23 h', 'Decide as lead'])
      expect(text).toContain(shown);
    expect(text).toContain(`name="head" value="${head}"`);
  });

  test('a question comes with its context and options, the suggested one chosen', async () => {
    const text = await page({
      kind: 'question',
      question: { question: 'Which way?', context: 'two ways', options: ['left', 'right'], suggested: 'right' },
    });
    for (const shown of ['Which way?', 'two ways']) expect(text).toContain(shown);
    expect(text).toMatch(/value="right" checked/);
    expect(text).not.toMatch(/value="left" checked/);
  });

  test('decided, it says what was decided and offers nothing', async () => {
    const text = await page({
      status: 'decided',
      decision: { outcome: 'revise', by: ['second'], text: 'smaller', at: '2026-11-21T11:59:30.000Z' },
    });
    expect(text).toContain('Decided: revise');
    expect(text).toContain('smaller');
    expect(choices(text)).toEqual([]);
  });

  test('expired, it offers nothing', async () => {
    const text = await page({ expiresAt: new Date(now).toISOString() });
    expect(text).toContain('The gate has expired');
    expect(choices(text)).toEqual([]);
  });

  test('says beforehand that a vote will be refused', async () => {
    expect(await page({}, 'mallory')).toContain('may not decide this gate');
    expect(await page({}, 'dev@example.com')).toContain('requested this run');
    expect(await page({})).not.toContain('refused');
  });

  test('the diff of a review is the one that is voted on', async () => {
    const review = aGate({ kind: 'review', head });
    const at = async (commit: string) =>
      (await fake({ gate: async () => review, run: async () => aRun({ commit }) }).get(`/gates/${gateId}`)).text;
    expect(await at(head)).toContain('a <ins>+</ins> b;');
    const other = await at('f'.repeat(40));
    expect(other).not.toContain('b;</td>');
    expect(other).toContain('The run has another commit by now');
  });
});

describe('R40 R30 other pages', () => {
  test('the outbox is newest first, and links only where a browser may go', async () => {
    const message = (at: string, subject: string, link: string): OutboxEntry => ({
      notice: { key: at, kind: 'delivered', at, to: ['lead'], facts: {}, link },
      subject,
      text: 'x',
      deliveries: [],
      version: 1,
    });
    const { text } = await fake(
      {},
      {
        outbox: async () => [
          message('2026-11-21T10:00:00.000Z', 'older', 'javascript:alert(1)'),
          message('2026-11-21T11:00:00.000Z', 'newer', 'http://127.0.0.1/gates/1'),
        ],
      },
    ).get('/outbox');
    expect(text.indexOf('newer')).toBeLessThan(text.indexOf('older'));
    expect(text).toContain('href="http://127.0.0.1/gates/1"');
    expect(text).not.toContain('href="javascript');
  });

  test('the budget shows each team of the policy', async () => {
    const base = fake();
    expect((await base.get('/budget')).text).toContain('The policy defines no budgets');
    const policy = { budgets: { web: {} } } as never;
    const { text } = await fake(
      {
        budget: async (team) => ({
          team,
          sprint: '2026-11-16',
          limitMicros: 200_000_000,
          committedMicros: 50_000_000,
          settledMicros: 1_250_000,
          runs: [{ runId, taskId: 'FIX-1', reservedMicros: 10_000_000, settledMicros: null }],
        }),
      },
      { policy },
    ).get('/budget');
    for (const shown of ['web', '0 % of $200.00', '$49.58', '$150.00', 'FIX-1', 'role="img"'])
      expect(text).toContain(shown);
  });

  test('the audit names who decided, and is there as JSON', async () => {
    const site = fake();
    expect((await site.get(`${run}/audit`)).text).toContain('approved by lead');
    const json = await site.get(`${run}/audit.json`);
    expect(JSON.parse(json.text)).toMatchObject({ runId, requester: 'dev@example.com' });
  });

  test('R32 what the agent did is read afterwards', async () => {
    const { text } = await fake({
      activity: async () => [
        {
          phaseKey: `${runId}/build/1/1`,
          events: [
            { type: 'message', text: 'I read it' },
            { type: 'step', name: 'install', status: 'passed', ms: 1500 },
          ],
        },
      ],
    }).get(`${run}/activity`);
    for (const shown of ['<h2>Build', 'I read it', 'install passed', '1 s</span>']) expect(text).toContain(shown);
  });
});

describe('errors are pages', () => {
  test.each([
    ['/runs/none', 404, 'RunNotFound', 'There is no such run'],
    ['/runs/none/audit', 404, 'RunNotFound', 'There is no such run'],
    ['/runs/none/follow', 404, 'RunNotFound', 'There is no such run'],
    ['/gates/none', 404, 'GateNotFound', 'There is no such decision'],
    ['/none', 404, 'PageNotFound', 'There is no such page'],
  ])('%s is %i', async (path, status, name, title) => {
    const answer = await fake().get(path);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(`<h1>${title}</h1>`);
    expect(answer.text).toContain(`<strong>${name}</strong>`);
    expect(answer.text).toMatch(/Remedy<\/span> [^<]*\w|Remedy<\/span> <code>\w/);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  test('a defect shows none of its text and is told to the operator', async () => {
    const site = fake({ page: () => Promise.reject(new Error('at /home/lead/secret.db')) });
    const { status, text } = await site.get('/runs');
    expect(status).toBe(500);
    expect(text).not.toContain('secret');
    expect(site.faults).toHaveLength(1);
  });
});
