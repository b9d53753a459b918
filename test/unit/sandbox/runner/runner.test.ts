import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { nodeMajor } from '../../../../adapters/local/sandbox/host/runtime.ts';
import { parentOf } from '../../../../adapters/local/sandbox/limits/processes.ts';
import { judge } from '../../../../gateway/phase/verdict.ts';
import { redact, Tail } from '../../../../sandbox/runner/commands/tail.ts';
import { clientInode } from '../../../../sandbox/runner/link/asking-command.ts';
import { commandMissing } from '../../../../sandbox/runner/steps/baseline.ts';
import { directDependencies, packageName } from '../../../../sandbox/runner/steps/prepare.ts';
import { readOutputs } from '../../../../sandbox/runner/workspace/outputs.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'outputs-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('Tail', () => {
  test('is the end of what came, however it came', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\n') })),
        fc.integer({ min: 1, max: 20 }),
        (parts, limit) => {
          const tail = new Tail(limit);
          for (const part of parts) tail.push(Buffer.from(part));
          expect(tail.text()).toBe(parts.join('').slice(-limit));
        },
      ),
    );
  });
  test('a character cut in half is dropped, secrets are replaced', () => {
    const tail = new Tail(5);
    tail.push(Buffer.from('x€€'));
    expect(tail.text()).toBe('€');
    expect(redact('key=s3cret s3cret', ['s3cret', ''])).toBe('key=[redacted] [redacted]');
  });
});

describe('commands', () => {
  test('a command that is not there', () => {
    const result = { name: 'baseline', command: 'x', timedOut: false, ms: 1, output: '' };
    expect(commandMissing({ ...result, exitCode: 127 })).toBe(true);
    expect(commandMissing({ ...result, exitCode: 1, output: 'npm error Missing script: "test"' })).toBe(true);
    expect(commandMissing({ ...result, exitCode: 1 })).toBe(false);
    expect(commandMissing({ ...result, exitCode: 0, output: 'npm error Missing script' })).toBe(false);
  });
});

describe('outputs of an agent', () => {
  const left = (files: Record<string, string>) => {
    const at = mkdtempSync(path.join(folder, 'o-'));
    for (const [name, content] of Object.entries(files)) writeFileSync(path.join(at, name), content);
    return at;
  };
  test('nothing, and everything', async () => {
    expect(await readOutputs(left({}))).toEqual({});
    expect(
      await readOutputs(
        left({
          'plan.yaml': 'p',
          'handoff.md': 'h',
          'checkpoint.json': '{"name":"n"}',
          'question.json': '{"question":"q"}',
          other: 'x',
        }),
      ),
    ).toEqual({
      plan: 'p',
      handoff: 'h',
      checkpoint: { name: 'n', summary: '' },
      question: { question: 'q', context: '', options: [] },
    });
  });
  test.each([
    ['question.json', '{"question":""}'],
    ['question.json', '[]'],
    ['checkpoint.json', 'not json'],
    ['checkpoint.json', '{"name":"n","extra":1}'],
    ['plan.yaml', 'x'.repeat(200_001)],
  ])('%s that is none: ResultInvalid', async (name, content) => {
    await expect(readOutputs(left({ [name]: content }))).rejects.toMatchObject({
      name: 'ResultInvalid',
      message: expect.stringContaining(name),
    });
  });
  test('links, folders and pipes are not read', async () => {
    const linked = left({ target: 'secret' });
    symlinkSync(path.join(linked, 'target'), path.join(linked, 'plan.yaml'));
    await expect(readOutputs(linked)).rejects.toMatchObject({ name: 'ResultInvalid' });
    const piped = left({});
    execFileSync('mkfifo', [path.join(piped, 'handoff.md')]);
    await expect(readOutputs(piped)).rejects.toMatchObject({ name: 'ResultInvalid' });
  });
});

describe('verdict', () => {
  const lost = { name: 'SandboxLost', message: 'gone' };
  const limit = { name: 'LimitExceeded', message: 'memory_mb' };
  const result = (outcome: string, phaseKey = 'k') =>
    Buffer.from(JSON.stringify({ phaseKey, outcome, changeSet: false, commands: [], versions: {}, timings: {} }));
  const of = (bytes: Uint8Array | undefined, ended = {}, reported?: { name: string; message: string }) =>
    judge({ ended: { enforcer: 'x', lost, ...ended }, reported, bytes, phaseKey: 'k' });

  test('a result and nothing else stands alone', () => {
    expect(of(result('verified'))).toMatchObject({ result: { outcome: 'verified' } });
    expect(of(result('verified')).failure).toBeUndefined();
  });
  test('no result is a lost sandbox, a wrong one is invalid', () => {
    expect(of(undefined)).toEqual({ failure: lost });
    expect(of(Buffer.from('{'))).toMatchObject({ failure: { name: 'ResultInvalid' } });
    expect(of(Buffer.from('{"outcome":"verified"}'))).toMatchObject({ failure: { name: 'ResultInvalid' } });
    expect(of(result('verified', 'other'))).toMatchObject({ failure: { name: 'ResultInvalid' } });
  });
  test('what was seen from outside comes first; a limit explains a failure and makes none', () => {
    expect(of(result('verified'), { failure: { name: 'PhaseTimedOut', message: '' } }).failure?.name).toBe(
      'PhaseTimedOut',
    );
    expect(of(result('failed'), { limit })).toMatchObject({ failure: limit, result: { outcome: 'failed' } });
    expect(of(result('built'), { limit }).failure).toBeUndefined();
    expect(of(undefined, { limit }).failure).toEqual(limit);
    expect(of(result('built'), {}, { name: 'BudgetExhausted', message: '' }).failure?.name).toBe('BudgetExhausted');
    expect(of(result('verified'), { failure: { name: 'Cancelled', message: '' } }).result).toBeUndefined();
  });
  test('a result of a sandbox that crashed does not count: the runner ends by itself after its result', () => {
    expect(of(result('verified'), { crashed: true }).failure).toEqual(lost);
    expect(of(result('verified'), { crashed: false }).failure).toBeUndefined();
  });
});

test('small readers', () => {
  expect([
    nodeMajor('node:20-slim'),
    nodeMajor('node:24'),
    nodeMajor('node:22.1.0'),
    nodeMajor('node:lts'),
    nodeMajor('python:3'),
  ]).toEqual([20, 24, 22, undefined, undefined]);
  expect([packageName('@a/b@^1'), packageName('a@1.0.0'), packageName('a'), packageName('@a/b')]).toEqual([
    '@a/b',
    'a',
    'a',
    '@a/b',
  ]);
  expect(directDependencies({ dependencies: { a: '1', '../x': '1' }, devDependencies: { '@s/b': '2' } })).toEqual([
    'a',
    '@s/b',
  ]);
  expect(directDependencies(null)).toEqual([]);
  expect(parentOf('12 (a) b (c)) S 7 1 1')).toBe(7);
  expect(parentOf('')).toBeUndefined();
  const row = (local: string, remote: string, inode: number): string =>
    ` 0: ${local} ${remote} 01 0:0 0:0 0 1000 0 ${inode} 1`;
  const table = [
    'sl local rem',
    row('0100007F:2253', '0100007F:C001', 333),
    row('0100007F:C001', '0100007F:2253', 222),
  ].join('\n');
  expect(clientInode(table, 0xc001, 0x2253)).toBe('222');
  expect(clientInode(table, 0xc002, 0x2253)).toBeUndefined();
});
