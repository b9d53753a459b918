/** How many weakened tests the guard finds, and how often it takes everyday work for one. */
import { describe, expect, it } from 'vitest';
import { weakenedTests } from '../../../../../core/guard/weakened.ts';
import { guardInput } from '../changes.ts';
import { compiled } from './edits-compiled.ts';
import { everyday } from './edits-innocent.ts';
import { javascript } from './edits-js.ts';
import { python } from './edits-python.ts';
import type { Row } from './kit.ts';

const rows: Row[] = [...javascript, ...python, ...compiled, ...everyday];
const look = ({ base, edits }: Row) => weakenedTests(guardInput({ base, edits }));

describe('x', () => {
  it('y', () => {
    for (const row of rows) {
      const found = look(row);
      if (found.length > 0 === row.weaker) continue;
      console.log(
        `${row.weaker ? 'MISS ' : 'FALSE'} ${row.name}: ${found.map((f) => `${f.path}: ${f.message}`).join(' | ')}`,
      );
    }
    expect(rows.length).toBeGreaterThan(150);
  });
});
