import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createProgram, runCli } from '../../../cli/main.ts';
import { exitOf } from '../../../cli/terminal/summary.ts';
import { type ErrorName, errorKinds } from '../../../core/errors.ts';

afterEach(() => void vi.restoreAllMocks());

describe('a run that ended with an error', () => {
  const exit = (name: string, status: 'failed' | 'rejected' | 'over-budget' = 'failed'): number =>
    exitOf({ status, error: { name, message: '', remedy: '' } });

  test.each(Object.keys(errorKinds) as ErrorName[])('%s: ends its command as the table of errors says', (name) => {
    const said = errorKinds[name].exit;
    // 2 says that there is no run, and here is one.
    expect(exit(name)).toBe(said === 2 ? 1 : said);
  });

  test('what the environment lacks is 4, money is 3, everything else 1', () => {
    const names = Object.keys(errorKinds) as ErrorName[];
    expect(names.filter((name) => exit(name) === 4)).toEqual(
      expect.arrayContaining(['HostForbidden', 'ServiceRefused', 'SandboxUnavailable']),
    );
    expect(names.filter((name) => exit(name) === 3)).toEqual(['BudgetExceeded', 'BudgetExhausted', 'TurnsExhausted']);
    expect([exit('PolicyRefused', 'rejected'), exit('BudgetExceeded', 'over-budget'), exit('NoSuchName')]).toEqual([
      1, 3, 1,
    ]);
  });
});

describe('--json', () => {
  const capture = async (argv: string[]): Promise<{ code: number; json: Record<string, unknown> }> => {
    const out: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0);
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const code = await runCli(argv);
    return { code, json: JSON.parse(out.join('')) as Record<string, unknown> };
  };

  test.each([
    ['lint', ['lint'], 'task_id: [unclosed\n', 'SpecInvalid', 'files'],
    ['lint --policy', ['lint', '--policy'], 'version: 2\n', 'PolicyInvalid', undefined],
    ['policy check', ['policy', 'check'], 'version: 2\n', 'PolicyInvalid', 'problems'],
  ])('%s: a result that ends with 2 has its error beside it', async (_what, argv, text, name, field) => {
    const folder = mkdtempSync(join(tmpdir(), 'drydock-exit-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'bad.yaml');
    writeFileSync(file, text);
    const more = argv.includes('--policy') ? [file] : [];
    const { code, json } = await capture([...argv, file, ...more, '--json']);
    const error = {
      name,
      message: expect.stringContaining(`${file}:1:`),
      remedy: errorKinds[name as ErrorName].remedy,
    };
    expect({ code, error: json.error }).toEqual({ code: 2, error });
    expect(field === undefined || field in json).toBe(true);
  });

  test('a result that is good has none', async () => {
    expect(
      (await capture(['lint', join(import.meta.dirname, '../../../.agent-tasks/DEMO-ROUNDING-001.md'), '--json'])).json,
    ).not.toHaveProperty('error');
  });

  const leaves = (command: Command, path: string[] = []): string[][] =>
    command.commands.length === 0
      ? [path]
      : command.commands.flatMap((child) => leaves(child, [...path, child.name()]));

  test('prints the error of every command as one document', async () => {
    const commands = leaves(await createProgram()).filter(([name]) => name !== 'help');
    expect(commands.length).toBeGreaterThan(25);
    for (const command of commands) {
      const { code, json } = await capture([...command, '--json', '--no-such-option']);
      expect(code).toBe(2);
      expect(json.error, command.join(' ')).toEqual({
        name: 'UsageError',
        message: expect.stringContaining('--no-such-option'),
        remedy: expect.stringMatching(/./),
      });
    }
  });
});
