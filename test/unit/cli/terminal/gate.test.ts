import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { openGateLines } from '../../../../cli/terminal/gate.ts';
import { createOutput } from '../../../../cli/terminal/output.ts';
import type { GateView } from '../../../../pipeline/service/service.ts';
import { aGate, aRun } from '../../web/fake.ts';

const stream = new PassThrough() as unknown as NodeJS.WriteStream;
const linesOf = async (gate: GateView, status: 'waiting' | 'running' = 'waiting'): Promise<string[]> => {
  const output = createOutput(false, stream, stream);
  return openGateLines({ gate: async () => gate }, aRun({ status, gate: gate.gateId }), output);
};

test('a run that waits says what its gate asks, and the command for each option', async () => {
  const question = aGate({
    kind: 'question',
    title: 'GuardRefused: what should the agent do?',
    text: 'SecretFound: src/a.js: line 2\n\nguard: { fingerprint: 466e }',
    options: [
      { label: 'Give the agent a hint', does: 'answer', text: 'required' },
      { label: 'Go on with marked assumptions', does: 'answer' },
      { label: 'Accept the weaker tests', does: 'accept' },
      { label: 'Give up', does: 'reject' },
    ],
  });
  expect(await linesOf(question)).toEqual([
    '',
    'GuardRefused: what should the agent do?',
    '  SecretFound: src/a.js: line 2',
    '',
    '  guard: { fingerprint: 466e }',
    '  - Give the agent a hint: drydock answer FIX-1 TEXT',
    '  - Go on with marked assumptions: drydock answer FIX-1 "Go on with marked assumptions"',
    '  - Accept the weaker tests: drydock approve FIX-1',
    '  - Give up: drydock reject FIX-1 REASON',
  ]);
  expect(await linesOf(aGate())).toEqual(['', 'Approve the plan', '  the plan as text']);
});

test('an option that an agent named is no part of a command', async () => {
  const question = { question: 'Which?', context: '', options: ['$(touch owned)'], suggested: '' };
  const lines = await linesOf(aGate({ kind: 'question', title: 'Which?', text: '', question }));
  expect(lines.at(-1)).toBe('  - $(touch owned): drydock answer FIX-1 TEXT');
});

test('a gate that was decided, and a run that does not wait, ask nothing', async () => {
  expect(await linesOf(aGate({ status: 'decided' }))).toEqual([]);
  expect(await linesOf(aGate(), 'running')).toEqual([]);
});
