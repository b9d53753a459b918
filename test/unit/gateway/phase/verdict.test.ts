import { expect, test } from 'vitest';
import type { PhaseResult } from '../../../../core/run/phase.ts';
import { judge } from '../../../../gateway/phase/verdict.ts';

const phaseKey = 'run/verify/1/1';
const result: PhaseResult = {
  phaseKey,
  outcome: 'verified',
  changeSet: false,
  commands: [{ name: 'test', command: 'npm test', exitCode: 0, timedOut: false, ms: 1, output: 'ok' }],
  versions: { node: '24.0.0' },
  timings: { clone: 1 },
};
const lost = { name: 'SandboxLost', message: 'lost' };
const judged = (text: string) =>
  judge({ ended: { enforcer: 'none', lost }, reported: undefined, bytes: Buffer.from(text), phaseKey });

test('a result is what its schema says', () => {
  expect(judged(JSON.stringify(result))).toEqual({ result });
});

const many = (count: number, one: string): string => `[${`${one},`.repeat(count)}${one}]`;
test.each([
  ['a piece', JSON.stringify(result).slice(0, 40)],
  ['another phase', JSON.stringify({ ...result, phaseKey: 'run/verify/1/2' })],
  ['a million commands', JSON.stringify(result).replace(/"commands":\[.*?\]/, `"commands":${many(1_000_000, '{}')}`)],
  ['201 commands', JSON.stringify({ ...result, commands: Array(201).fill(result.commands[0]) })],
  ['a depth bomb', `{"phaseKey":${'['.repeat(1_000_000)}`],
  ['a million versions', `{"versions":{${'"a":"b",'.repeat(1_000_000)}"c":"d"}}`],
  ['long names', JSON.stringify({ ...result, versions: { ['v'.repeat(501)]: '1' } })],
  [
    'a long command',
    JSON.stringify({ ...result, commands: [{ ...result.commands[0], command: 'c'.repeat(100_001) }] }),
  ],
  ['unknown fields', JSON.stringify({ ...result, ['u'.repeat(100_000)]: 1 })],
])('C3: an invalid result is ResultInvalid, with a short reason: %s', (_what, text) => {
  const { failure } = judged(text);
  expect(failure?.name).toBe('ResultInvalid');
  expect(failure?.message.length).toBeLessThanOrEqual(2_100);
});
