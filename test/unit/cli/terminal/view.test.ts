import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createOutput, type Output } from '../../../../cli/terminal/output.ts';
import { widthOf } from '../../../../cli/terminal/text.ts';
import { inboxLines } from '../../../../cli/terminal/view/inbox.ts';
import { listLines } from '../../../../cli/terminal/view/list.ts';
import { type RunParts, runLines, statusLines } from '../../../../cli/terminal/view/run.ts';
import { aBrief, aChange, aDetail, aGate, anItem, aRun, now } from '../../web/fake.ts';

const stream = (columns?: number): NodeJS.WriteStream =>
  Object.assign(
    new PassThrough(),
    columns === undefined ? {} : { isTTY: true, columns },
  ) as unknown as NodeJS.WriteStream;
const outputOf = (columns?: number, env: NodeJS.ProcessEnv = { NO_COLOR: '1' }): Output =>
  createOutput(false, stream(columns), stream(columns), env);

const parts = (change: Partial<RunParts>): RunParts => ({
  run: aRun({ status: 'waiting', state: 'PlanGate' }),
  detail: aDetail(),
  gate: undefined,
  change: null,
  page: undefined,
  ...change,
});
const wide = '請求書の合計を偶数へ丸める 👩‍🚀 und die Prüfungen dazu, für jede halbe Einheit';

const planText = `Mend add, and keep everything else as it is; the callers need no change.

1. Mend the sum
   - Add instead of subtract in src/math.js, and leave the signature, the name and the export as they are
   - tests: npm test
2. Documents (checkpoint)

Risks:
- Totals of carts change by one cent, which people who compare reports will see`;

const views: Record<string, () => RunParts> = {
  plan: () =>
    parts({
      gate: aGate({ text: `SuspiciousText: the plan, line 3: asks to turn checks off\n\n${planText}` }),
      page: `http://127.0.0.1:7717/gates/${aGate().gateId}`,
      detail: aDetail({
        words: { text: 'Needs you: plan', tone: 'wait' },
        steps: [
          { name: 'Checked', is: 'done', ms: 0, rounds: 0, by: [], waitedMs: 0 },
          { name: 'Plan', is: 'done', ms: 11_000, rounds: 1, by: [], waitedMs: 0 },
          { name: 'Plan approved', is: 'waits', ms: 0, rounds: 0, by: [], waitedMs: 320_000, openMs: 120_000 },
          { name: 'Build', is: 'ahead', ms: 0, rounds: 0, by: [], waitedMs: 0 },
          { name: 'Verify', is: 'ahead', ms: 0, rounds: 0, by: [], waitedMs: 0 },
          { name: 'CI', is: 'left-out', ms: 0, rounds: 0, by: [], waitedMs: 0 },
          { name: 'Ready', is: 'ahead', ms: 0, rounds: 0, by: [], waitedMs: 0 },
        ],
        tests: null,
      }),
    }),
  question: () =>
    parts({
      run: aRun({ status: 'waiting', state: 'AskHuman', gate: `${aRun().runId}.question.1` }),
      gate: aGate({
        kind: 'question',
        title: 'In which time zone does a voucher end?',
        text: 'Vouchers say a day, and no zone.\nThe checkout compares with UTC.',
        question: {
          question: 'In which time zone does a voucher end?',
          context: '',
          options: ['UTC', 'Anywhere on earth (UTC−12)'],
          suggested: 'Anywhere on earth (UTC−12)',
        },
      }),
      detail: aDetail({ words: { text: 'Needs you: question', tone: 'wait' } }),
    }),
  review: () =>
    parts({
      run: aRun({
        status: 'waiting',
        state: 'ReviewGate',
        gate: 'x.review.1',
        commit: 'c'.repeat(40),
        pullRequest: { id: '7', url: 'https://github.com/acme/calc/pull/7', draft: true },
        refusals: [
          { target: 'pastebin.com:443', command: 'curl', reason: 'host not allowed', allow: 'egress.hosts', at: '' },
        ],
      }),
      gate: aGate({ kind: 'review', title: 'Review agent/fix-12345678', required: 2, approvals: ['lead'] }),
      change: aChange(
        `${diffOf('src/math.js', 1)}${diffOf('docs/a-very-long-folder-name/and-another-one/請求書-合計-端数処理.md', 3)}`,
      ),
      detail: aDetail({
        title: wide,
        words: { text: 'Needs you: review', tone: 'wait' },
        gates: [
          {
            gateId: aGate().gateId,
            required: 2,
            approvals: ['lead'],
            may: ['second'],
            critical: [{ glob: 'src/**', reviewers: 2, paths: ['src/math.js'] }],
          },
        ],
        attempts: [1, 2].map((attempt) => ({ runId: `r${attempt}`, attempt, status: 'running' })),
        attempt: 2,
      }),
    }),
  failed: () =>
    parts({
      run: aRun({
        status: 'failed',
        error: {
          name: 'BaselineRed',
          message: '1 of 6 tests fails on main already: exports of the year 2019 parse',
          remedy: 'Mend the test on the target branch, or name it in known_failures of the spec.',
        },
      }),
      detail: aDetail({
        words: { text: 'Failed', tone: 'bad' },
        tests: { ok: false, total: 6, failed: 1, failing: ['exports of the year 2019 parse'], base: 6, flaky: false },
        steps: [
          { name: 'Checked', is: 'done', ms: 0, rounds: 0, by: [], waitedMs: 0 },
          { name: 'Plan', is: 'ended', ms: 9_000, rounds: 1, by: [], waitedMs: 0 },
        ],
        added: {
          constraints: ['Keep 2.x working'],
          answers: [{ by: 'ben', question: 'Which?', text: 'The second.' }],
          remarks: [{ by: 'ann', text: 'Use the helper.', now: false }],
        },
      }),
    }),
};

function diffOf(path: string, lines: number): string {
  const added = Array.from({ length: lines }, (_, i) => `+line ${i}\n`).join('');
  return `diff --git a/${path} b/${path}\nnew file mode 100644\n--- /dev/null\n+++ b/${path}\n@@ -0,0 +1,${lines} @@\n${added}`;
}

const items = [
  anItem({
    title: wide,
    words: { text: 'Needs you: question', tone: 'wait' },
    gate: aBrief({ kind: 'question', stake: 'In which time zone does a voucher end?', may: ['lead'] }),
  }),
  anItem({
    taskId: 'SHOP-118',
    title: 'Sign people in with OAuth 2.1',
    repository: 'acme/storefront',
    gate: aBrief({ stuck: true, required: 2, approvals: ['second'], may: ['lead', 'third'] }),
  }),
];

const texts: Record<string, (output: Output) => string[]> = {
  ...Object.fromEntries(
    Object.entries(views).map(([name, view]) => [`show-${name}`, (output: Output) => runLines(view(), output)]),
  ),
  'status-review': (output) => statusLines(views.review?.() as RunParts, output),
  list: (output) => listLines(items, output),
  inbox: (output) => inboxLines({ person: 'lead', decisions: items, others: 3, more: false, all: false }, output),
};

beforeEach(() => {
  vi.useFakeTimers({ now, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('as a terminal shows it', () => {
  const table = Object.entries(texts).flatMap(([name, lines]) =>
    [60, 120].map((columns) => [name, columns, lines] as const),
  );
  test('a list whose titles have no room leaves them out, and stays within the terminal', () => {
    const item = anItem({ taskId: 'AGENTS-GUIDE-001', words: { text: 'Needs you: review', tone: 'wait' } });
    const shown = listLines([item], outputOf(60));
    expect(shown.filter((line) => widthOf(line) > 60)).toEqual([]);
    expect(shown.join()).toContain('AGENTS-GUIDE-001');
  });

  test.each(table)('%s at %i columns', async (name, columns, lines) => {
    const shown = lines(outputOf(columns));
    expect(shown.filter((line) => widthOf(line) > columns)).toEqual([]);
    const file = `../../../golden/terminal/${name}.${columns}.txt`;
    await expect(`${shown.join('\n')}\n`).toMatchFileSnapshot(file);
  });

  test.each(Object.entries(texts))('%s without a terminal is neither wrapped nor coloured', (_name, lines) => {
    const long = lines(outputOf()).join('\n');
    expect(long).not.toContain('\u001b');
    expect(long).not.toContain('…');
    expect(long).toContain(_name === 'inbox' || _name === 'list' || _name.endsWith('review') ? wide : 'Mend the sum');
  });
});

describe('colours', () => {
  const green = '\u001b[32m';
  test.each([
    ['a terminal', 80, {}, true],
    ['a terminal with NO_COLOR', 80, { NO_COLOR: '1' }, false],
    ['a terminal with an empty NO_COLOR', 80, { NO_COLOR: '' }, true],
    ['a terminal that has none', 80, { TERM: 'dumb' }, false],
    ['a pipe', undefined, {}, false],
    ['a pipe with FORCE_COLOR', undefined, { FORCE_COLOR: '1' }, true],
    ['a terminal with FORCE_COLOR=0', 80, { FORCE_COLOR: '0' }, false],
  ])('%s', (_name, columns, env, has) => {
    expect(outputOf(columns, env).style('green', 'x').includes(green)).toBe(has);
  });

  test('a pipe beside a terminal gets none: standard error has them, standard output has not', () => {
    const [out, err] = [stream(), stream(80)];
    const output = createOutput(false, out, err, {});
    output.out(output.style('green', 'result'));
    output.err(output.style('green', 'progress'));
    expect(String((out as unknown as PassThrough).read())).toBe('result\n');
    expect(String((err as unknown as PassThrough).read())).toBe(`${green}progress\u001b[39m\n`);
  });
});
