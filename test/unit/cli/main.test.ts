import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { createProgram } from '../../../cli/main.ts';

const names = async (...argv: string[]): Promise<string[]> =>
  (await createProgram(argv)).commands.map((command) => command.name());

test('every command is found by its name alone, as among all the others', async () => {
  const all = await names();
  expect(all.length).toBeGreaterThan(20);
  for (const name of all) {
    const found = await names('--json', name);
    expect(found).toContain(name);
    expect(found.length).toBeLessThan(all.length);
  }
});

test('help, a mistyped name and no name at all see every command; the version needs none', async () => {
  const all = await names();
  for (const argv of [['--help'], ['help', 'run'], ['rnu'], []]) expect(await names(...argv)).toEqual(all);
  expect(await names('--version')).toEqual([]);
});

test('the help of every command has an example that begins with its name', async () => {
  const lacking: string[] = [];
  const look = (command: Command, name: string): void => {
    const below = command.commands.filter((each) => each.name() !== 'help');
    if (below.length > 0) for (const each of below) look(each, `${name} ${each.name()}`);
    else {
      let help = '';
      command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
      const examples = /\nExamples?:\s([\s\S]*)/.exec(help)?.[1] ?? '';
      if (!examples.includes(name)) lacking.push(name);
    }
  };
  look(await createProgram(), 'drydock');
  expect(lacking).toEqual([]);
});

test('the list of commands is the same, whether their files are loaded or not', async () => {
  const help = async (argv?: string[]): Promise<string> => {
    let text = '';
    (await createProgram(argv)).configureOutput({ writeOut: (more) => (text += more) }).outputHelp();
    return text;
  };
  const complete = await help();
  expect(complete).toMatch(/run \[options\] <file>/);
  expect(await help(['--help'])).toBe(complete);
  expect(await help(['help', 'run'])).toBe(complete);
});
