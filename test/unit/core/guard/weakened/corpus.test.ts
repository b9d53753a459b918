/** How many weakened tests the guard finds, and how often it takes everyday work for one. */
import { describe, expect, it } from 'vitest';
import { weakenedTests } from '../../../../../core/guard/weakened.ts';
import { guardInput } from '../changes.ts';
import { compiled } from './edits-compiled.ts';
import { hard } from './edits-hard.ts';
import { heldOut } from './edits-held-out.ts';
import { everyday } from './edits-innocent.ts';
import { javascript } from './edits-js.ts';
import { python } from './edits-python.ts';
import { second } from './edits-second.ts';
import { third } from './edits-third.ts';
import type { Row } from './kit.ts';

const rows: Row[] = [...javascript, ...python, ...compiled, ...everyday, ...heldOut, ...second, ...third, ...hard];
const levelOf = ({ base, edits }: Row): 'refused' | 'shown' | '-' => {
  const found = weakenedTests(guardInput({ base, edits }));
  return found.some(({ refused }) => refused) ? 'refused' : found.length > 0 ? 'shown' : '-';
};
const results = rows.map((row) => ({ ...row, level: levelOf(row) }));
const share = (some: unknown[], all: unknown[]): number => Math.round((some.length / all.length) * 1_000) / 10;

describe('the corpus of changes of tests', () => {
  it('has at least 150 rows, half of them innocent, each of its own name', () => {
    expect(rows.length).toBeGreaterThanOrEqual(150);
    expect(Math.abs(rows.filter(({ weaker }) => weaker).length / rows.length - 0.5)).toBeLessThan(0.05);
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
    for (const { edits, base } of rows) expect(edits.some(([path, file]) => base[path] !== file)).toBe(true);
  });

  it('has the results of the table', async () => {
    const table = results.map(({ name, weaker, level }) => `${weaker ? 'weaker' : 'innocent'}\t${level}\t${name}`);
    await expect(`kind\tthe guard\tchange\n${table.join('\n')}\n`).toMatchFileSnapshot('results.tsv');
  });

  it('is found by 95 %, with false alarms of 3 % at most', () => {
    const [weaker, innocent] = [results.filter((row) => row.weaker), results.filter((row) => !row.weaker)];
    const found = share(
      weaker.filter(({ level }) => level !== '-'),
      weaker,
    );
    const alarms = share(
      innocent.filter(({ level }) => level !== '-'),
      innocent,
    );
    console.log(
      `weakened tests: ${found} % of ${weaker.length} found; false alarms: ${alarms} % of ${innocent.length}`,
    );
    expect(found).toBeGreaterThanOrEqual(95);
    expect(alarms).toBeLessThanOrEqual(3);
  });
});
