import { formatUsd } from '../money/format.ts';
import { counted } from '../plan/stake.ts';

/** What is known about a change, in the five cells that pull request and check begin with. */
export interface Verdict {
  /** Tests of Verify; null before they ran. `base`: number of tests at the base, if it is known. */
  tests: { ok: boolean; total: number | null; failed: number; base: number | null } | null;
  /** Null before there is a change. The other numbers are undefined before it is published, and if it is too large to be compared. */
  change: {
    files: number;
    added: number | undefined;
    removed: number | undefined;
    unplanned: number | undefined;
  } | null;
  /** Number of constraints by what enforces them. */
  constraints: { guard: number; test: number; advisory: number };
  spentMicros: number;
  capMicros: number;
  expectedMicros: number | undefined;
}

/** A table of Markdown. The cells hold numbers and words of Drydock only. */
export function verdictTable(verdict: Verdict): string {
  const { change, constraints, spentMicros, capMicros, expectedMicros } = verdict;
  const cells = {
    tests: testsCell(verdict.tests),
    change: change ? `${counted(change.files, 'file')}${linesText(change)}` : 'none yet',
    plan: planCell(change),
    constraints:
      [
        [constraints.guard, 'guarded'],
        [constraints.test, 'tested'],
        [constraints.advisory, 'only told'],
      ]
        .flatMap(([n, how]) => (n === 0 ? [] : [`${n} ${how}`]))
        .join(', ') || 'none',
    cost: `${formatUsd(spentMicros)} of ${formatUsd(capMicros)}${expectedMicros === undefined ? '' : `, expected ${formatUsd(expectedMicros)}`}`,
  };
  return table(Object.keys(cells), [Object.values(cells)]);
}

function planCell(change: Verdict['change']): string {
  if (!change) return 'none yet';
  if (change.unplanned === undefined) return 'not compared yet';
  return change.unplanned === 0 ? 'all planned' : `**${change.unplanned} not planned**`;
}

function testsCell(tests: Verdict['tests']): string {
  if (tests === null) return 'not run yet';
  const { ok, total, failed, base } = tests;
  if (total === null) return ok ? 'pass' : '**fail**';
  const more = base === null ? 0 : total - base;
  const since = more === 0 ? '' : more > 0 ? `, ${more} new` : `, ${-more} fewer than before`;
  const counts = `${total - failed} of ${total}`;
  return `${ok ? counts : `**${counts}**`}${since}`;
}

/** ` +12 −1`, or nothing if the lines are not known. */
export const linesText = ({ added, removed }: { added?: number | undefined; removed?: number | undefined }): string =>
  added === undefined || removed === undefined ? '' : ` +${added} −${removed}`;

/** @param rows Cells of Markdown without line ends and unescaped bars. */
export function table(head: string[], rows: string[][]): string {
  if (rows.length === 0) return 'None.';
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
