import { formatUsd } from '../../core/money/format.ts';
import type { ChangeView } from '../../pipeline/view/change.ts';
import type { RunDetail } from '../../pipeline/view/run-detail.ts';
import { sizes } from '../../pipeline/view/sizes.ts';
import { testWords } from '../../pipeline/view/tests.ts';
import { count } from './format.ts';
import { type Markup, markup } from './markup.ts';

/** One number that a decision rests on. */
export interface Tile {
  name: string;
  value: string;
  tone?: 'good' | 'bad' | undefined;
  more: string | Markup;
}

export const tiles = (all: readonly Tile[]): Markup =>
  markup`<dl class="verdict">${all.map(
    ({ name, value, tone, more }) =>
      markup`<div><dt>${name}</dt><dd><b${tone && markup` class="${tone}"`}>${value}</b>${more}</dd></div>`,
  )}</dl>`;

/** Tests, criteria, change, constraints and cost. @param change Null where the page shows no change. */
export function verdictTiles(detail: RunDetail, change: ChangeView | null): Tile[] {
  const { constraints, criteria } = detail;
  const held = constraints.filter(({ by }) => by !== 'told');
  const run = criteria.filter(({ run }) => run !== null);
  return [
    testTile(detail),
    {
      name: 'Success criteria',
      value: criteria.length === 0 ? 'none' : `${run.length} run, ${criteria.length - run.length} told`,
      tone: run.some(({ passed }) => passed === false) ? 'bad' : undefined,
      more: criteria.length > run.length ? 'nothing checks those that are told but the tests' : '',
    },
    ...(change ? [changeTile(change)] : []),
    {
      name: 'Constraints',
      value: constraints.length === 0 ? 'none' : `${held.length} of ${constraints.length} enforced`,
      more: constraints.length > held.length ? `${constraints.length - held.length} only told to the agent` : '',
    },
    {
      name: 'Cost',
      value: `${formatUsd(detail.spentMicros)} of ${formatUsd(detail.capMicros)}`,
      more:
        detail.estimate && detail.estimate.micros.expected > 0
          ? `estimate was ${formatUsd(detail.estimate.micros.expected)}`
          : '',
    },
  ];
}

function testTile({ tests }: RunDetail): Tile {
  const { value, more, good } = testWords(tests);
  return { name: 'Tests, clean sandbox', value, more, tone: good === undefined ? undefined : good ? 'good' : 'bad' };
}

function changeTile(change: ChangeView): Tile {
  const { added, removed, unplanned } = sizes(change);
  const n = change.files.length;
  return {
    name: 'Change',
    value: `${count(n, 'file')} +${added} −${removed}`,
    more: unplanned === 0 ? 'all planned' : markup`${n - unplanned} planned, <strong>${unplanned} not planned</strong>`,
  };
}
