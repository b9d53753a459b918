/** Every regular expression of the product takes time that grows linearly with its input, or has a bounded input. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from '@swc/core';
import { analyse } from 'scslre';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** Input of these is short, whoever wrote it; the limit is checked where it is named. */
const bounded: [file: string, pattern: string, why: string][] = [
  ['adapters/aws/phases/stopped.ts', '^(.+\\/.+\\/\\d+)\\/(\\d+)$', 'startedBy of ECS has at most 128 characters'],
  ['core/task-spec/fields.ts', '[@?!+*]\\(|\\{[^}]*\\.\\.[^}]*\\}', 'a path of a spec has at most 500 characters'],
  ['core/task-spec/lint/advice.ts', '\\{[^}]*test', 'a path of a spec has at most 500 characters'],
  ['sandbox/runner/run-phase.ts', '\\d+\\.\\d+\\.\\d+', 'output of git, read in the sandbox'],
  ['sandbox/runner/steps/found-runtime.ts', '\\d+(?:\\.\\d+)+', 'output of a tool, read in the sandbox that ran it'],
  ['sandbox/runner/steps/prepare.ts', '(?<=.)@.*$', 'a dependency of the spec, at most 300 characters'],
];

/** Expressions that are put together from texts: a row of growth.test.ts holds the function that uses each. */
const composed: Record<string, string> = {
  'sandbox/limit-hit.ts': 'the kernel writes the text',
  'core/runbook/pattern.ts': 'one character is matched at a time',
  'core/secrets/known-secrets.ts': 'findSecrets',
  'core/task-spec/hidden/content.ts': 'hiddenContent',
  'core/task-spec/lint/words.ts': 'lintSpec',
  'gateway/registry/npm-path.ts': 'npmPath',
  'sandbox/agents/program.ts': 'the command of a profile, in the sandbox',
};

interface Expression {
  file: string;
  pattern: string;
  flags: string;
}

/** The literals and the calls of `RegExp` of a file. */
function expressionsOf(file: string): { literals: Expression[]; calls: number } {
  const literals: Expression[] = [];
  let calls = 0;
  const walk = (node: unknown): void => {
    if (Array.isArray(node)) for (const each of node) walk(each);
    else if (typeof node === 'object' && node !== null) {
      const { type, pattern, flags, callee } = node as Record<string, unknown>;
      if (type === 'RegExpLiteral') literals.push({ file, pattern: String(pattern), flags: String(flags) });
      if ((callee as { value?: unknown } | undefined)?.value === 'RegExp') calls++;
      for (const each of Object.values(node)) walk(each);
    }
  };
  walk(parseSync(readFileSync(join(root, file), 'utf8'), { syntax: 'typescript', target: 'esnext' }).body);
  return { literals, calls };
}

/** Whether some input makes the expression take more than linear time. */
const isSuperLinear = ({ pattern, flags }: Pick<Expression, 'pattern' | 'flags'>): boolean =>
  analyse({ source: pattern, flags }).reports.length > 0;

const files = execFileSync('git', ['ls-files', '*.ts'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && !/^(?:test|scripts|lib|examples)\//.test(file));
const found = files.map((file) => ({ file, ...expressionsOf(file) }));

describe('regular expressions', () => {
  it('are found, all of them', () => {
    expect(found.reduce((sum, { literals }) => sum + literals.length, 0)).toBeGreaterThan(250);
  });

  it.each([
    ['the comments of a test file, as they were', '^\\s*\\/\\*[\\s\\S]*?\\*\\/', 'gm'],
    ['blank space at the end', '\\s+$', ''],
    ['nested repetition', '(?:a+)+$', ''],
    ['two lists that overlap', '^[ab]*[bc]*$', ''],
  ])('a search that can take quadratic time is seen: %s', (_, pattern, flags) => {
    expect(isSuperLinear({ pattern, flags })).toBe(true);
  });

  it('take linear time, or their input is short', () => {
    const slow = found
      .flatMap(({ literals }) => literals)
      .filter(isSuperLinear)
      .map(({ file, pattern }) => `${file} ${pattern}`);
    expect([...new Set(slow)].sort()).toEqual(bounded.map(([file, pattern]) => `${file} ${pattern}`).sort());
  });

  it('that are composed are used by a function whose growth is measured', () => {
    const calling = found.flatMap(({ file, calls }) => (calls > 0 ? [file] : []));
    expect(calling.sort()).toEqual(Object.keys(composed).sort());
  });
});
