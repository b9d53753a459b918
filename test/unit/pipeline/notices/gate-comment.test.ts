/** Bots read the raw text of comments: no line of an agent's text may give them an order. */
import { expect, test } from 'vitest';
import type { Gate, GateDecision } from '../../../../core/run/gate.ts';
import { announce } from '../../../../pipeline/notices/announce.ts';
import { commentDecision } from '../../../../pipeline/notices/gate-comment.ts';
import { noticeWorld } from '../../../support/notice-world.ts';

test.each([
  '/approve',
  'bors r+',
  '@dependabot merge',
  'a\n/lgtm\n\n  /merge',
  '```\n/approve\n```\n/approve',
  '\r/approve',
  'a\u2028/approve',
  '/drydock approve',
])('the app’s comment gives no order to a bot: %j', async (text) => {
  const question = { question: text, context: text, options: [text], suggested: text };
  const lines = (await announced({ title: text, text, question }, text)).split(/[\r\n\u2028\u2029]/);
  for (const line of lines) expect(line).not.toMatch(/^\s*(?:\/|@|bors\b)/);
  expect(lines.some((line) => line.startsWith('│ '))).toBe(true);
});

test.each([
  'plan',
  'question',
  'review',
] as const)('R44 %s: the comment has the hints about texts from outside first', async (kind) => {
  const hint = 'SuspiciousText: the plan, line 3: asks to turn checks off: “disable the tests”';
  const body = await announced({ kind, text: `${hint}\n\nthe rest` });
  expect(body.split('\n').filter((line) => line.startsWith('│ '))[0]).toBe(`│ ${hint}`);
});

test('the whole text under vote is in the comment, folded, for those who have no pages', async () => {
  const text = Array.from({ length: 300 }, (_, i) => `step ${i}`).join('\n');
  const body = await announced({ kind: 'plan', text });
  expect(body).toContain('<details><summary>The whole text</summary>');
  expect(body).toContain('│ step 299');
});

/** The comment about a gate. */
async function announced(change: Partial<Gate>, title = 'Round to even'): Promise<string> {
  const world = await noticeWorld({
    run: { title, pullRequest: { id: '1', url: 'https://x', draft: true } },
    gate: { kind: 'question', ...change },
  });
  const { runId, gateId } = world.gate;
  if (change.decision) await commentDecision(world.deps, world.context, world.gate);
  else await announce(world.deps, world.messages, { about: 'gate', runId, gateId });
  return world.comments[0] ?? '';
}

test('D13 the options of a question stand in the comment with numbers, and the suggested one is the example', async () => {
  const question = { question: 'Which?', context: '', options: ['Anywhere <b>', 'In Berlin'], suggested: 'In Berlin' };
  const body = await announced({ text: 'Which?', question });
  expect(body).toContain('\n1. Anywhere \\<b\\>\n2. In Berlin (suggested)\n');
  expect(body).toContain('Answer with one of: `/drydock answer 2`, `/drydock answer TEXT`,');
});

test('the comment says how a gate was decided, and folds what was asked', async () => {
  const decision: GateDecision = { outcome: 'rejected', by: ['ben'], text: 'too risky\n/drydock approve', at: '' };
  const body = await announced({ text: 'Which?', status: 'decided', decision });
  expect(body.split('\n\n').slice(1, 3)).toEqual([
    '**Rejected** by ben: too risky /drydock approve',
    '<details><summary>What was asked</summary>',
  ]);
  expect(body).not.toMatch(/Answer with|Votes needed|^\/drydock/m);
});
