/** Bots read the raw text of comments: no line of an agent's text may give them an order. */
import { expect, test } from 'vitest';
import type { Gate } from '../../../../core/run/gate.ts';
import type { Deps } from '../../../../pipeline/deps.ts';
import { announceGate } from '../../../../pipeline/gates/announce-gate.ts';
import type { RunContext } from '../../../../pipeline/runs/run-context.ts';

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
  const bodies: string[] = [];
  const record = { runId: 'r-1', pullRequest: { id: '1', url: 'https://x', draft: true } };
  const host = { collaboration: { comment: async (...[, , , body]: string[]) => void bodies.push(body ?? '') } };
  const context = { host, location: 'a/b', record } as unknown as RunContext;
  const deps = { runs: { get: async () => record }, runLink: () => undefined } as unknown as Deps;
  const gate = {
    gateId: 'g',
    runId: 'r-1',
    taskId: 'T-1',
    kind: 'question',
    title: text,
    text,
    eligible: ['lead'],
    required: 1,
  };
  await announceGate(deps, context, gate as unknown as Gate);
  const lines = (bodies[0] ?? '').split(/[\r\n\u2028\u2029]/);
  for (const line of lines) expect(line).not.toMatch(/^\s*(?:\/|@|bors\b)/);
  expect(lines.some((line) => line.startsWith('│ '))).toBe(true);
});
