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
