import { formatUsd } from '../../../core/money/format.ts';
import { duration } from '../../../core/text/words.ts';
import type { RunItem } from '../../../pipeline/view/run-item.ts';
import { type Output, plain, table } from '../output.ts';
import { fitted, widthOf } from '../text.ts';
import { inTone } from './run.ts';

/** A title with less room than this many columns is left out: the task names the run. */
const minTitle = 12;
const heads = ['STATE', 'TASK', 'TITLE', 'REPOSITORY', 'COST', 'AGE'] as const;
/** In a narrow terminal the repository is left out first. */
const narrow = 100;

/** Runs as a table that fits into the terminal: the title takes what the other columns leave. */
export function listLines(items: readonly RunItem[], output: Output, now = Date.now()): string[] {
  const columns = output.columns();
  const rows = items.map((item) => [
    inTone(item, output),
    item.taskId,
    plain(item.title),
    plain(item.repository),
    formatUsd(item.spentMicros),
    duration(now - Date.parse(item.createdAt))
      .split(' ')
      .slice(0, 2)
      .join(' '),
  ]);
  const shown = [heads.map((head) => output.style('dim', head)), ...rows].map((row) =>
    columns < narrow ? row.filter((_, i) => heads[i] !== 'REPOSITORY') : row,
  );
  const widths = (shown[0] ?? []).map((_, i) => Math.max(...shown.map((row) => widthOf(row[i] ?? ''))));
  const others = widths.reduce((sum, width, i) => (i === titleAt ? sum : sum + width + gap), 0);
  const room = columns - others;
  if (room < minTitle) return table(shown.map((row) => row.filter((_, i) => i !== titleAt)));
  return table(shown.map((row, n) => row.map((cell, i) => (i === titleAt && n > 0 ? fitted(cell, room) : cell))));
}

const titleAt = heads.indexOf('TITLE');
const gap = 2;
