import { formatUsd } from '../../core/money/format.ts';
import { type Markup, markup } from './markup.ts';

/** The money of a sprint over its days, in micro-US-dollars. */
export interface BurnUp {
  points: { day: number; spent: number; held: number }[];
  days: number;
  /** Epoch milliseconds of its first day. */
  start: number;
  limit: number;
  /** Expected spending at the end of the sprint. */
  forecast: number;
  /** Shares of the limit at which people are told, in percent. */
  alerts: readonly number[];
}

const [width, height, left, right, top, bottom] = [720, 240, 60, 20, 12, 28];
const dayMs = 86_400_000;

const round = (n: number): number => Math.round(n * 10) / 10;
/** A straight scale from numbers to places. */
const scale =
  (most: number, from: number, to: number) =>
  (value: number): number =>
    round(from + (most === 0 ? 0 : (value / most) * (to - from)));

/** Round numbers from 0 to at least `most`, about four of them. */
function ticksTo(most: number): number[] {
  const rough = most / 4;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = size * ([1, 2, 5, 10].find((each) => each * size >= rough) ?? 10);
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, i) => i * step);
}

/** Spent and held as areas, with the limit, an even pace, the forecast, and the marks of the alerts. */
export function burnUp({ points, days, start, limit, forecast, alerts }: BurnUp): Markup | null {
  const now = points.at(-1);
  if (!now || limit <= 0 || !Number.isFinite(start)) return null;
  const x = scale(days, left, width - right);
  const ticks = ticksTo(Math.max(limit, forecast, ...points.map(({ spent, held }) => spent + held)));
  const y = scale(ticks.at(-1) ?? 0, height - bottom, top);
  type Point = (typeof points)[number];
  const path = (places: [number, number][]): string =>
    `M${places.map(([day, value]) => `${x(day)},${y(value)}`).join('L')}`;
  const stacked = (lower: (p: Point) => number, upper: (p: Point) => number): string =>
    `${path([...points.map((p): [number, number] => [p.day, upper(p)]), ...points.toReversed().map((p): [number, number] => [p.day, lower(p)])])}Z`;
  const straight = (from: [number, number], to: [number, number]): string => path([from, to]);
  const dates = Array.from({ length: Math.floor(days / 2) + 1 }, (_, i) => i * 2);
  const label = `${formatUsd(now.spent)} spent and ${formatUsd(now.held)} held of ${formatUsd(limit)}; ${formatUsd(Math.round(forecast))} expected at the end`;
  return markup`<svg class="chart" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label}">
${ticks.map((tick) => markup`<line class="axis" x1="${left}" x2="${width - right}" y1="${y(tick)}" y2="${y(tick)}"></line><text x="${left - 6}" y="${y(tick) + 4}" text-anchor="end">$${tick / 1_000_000}</text>`)}
${dates.map((day) => markup`<text x="${x(day)}" y="${height - 8}" text-anchor="middle">${new Date(start + day * dayMs).toISOString().slice(5, 10)}</text>`)}
<path class="spent" d="${stacked(
    () => 0,
    (p) => p.spent,
  )}"></path>
<path class="held" d="${stacked(
    (p) => p.spent,
    (p) => p.spent + p.held,
  )}"></path>
<path class="pace" d="${straight([0, 0], [days, limit])}"></path>
<path class="limit" d="${straight([0, limit], [days, limit])}"></path>
<path class="forecast" d="${straight([now.day, now.spent], [days, forecast])}"></path>
${alerts.map((percent) => markup`<line class="mark" x1="${width - right - 10}" x2="${width - right}" y1="${y((limit * percent) / 100)}" y2="${y((limit * percent) / 100)}"></line><text x="${width - right - 14}" y="${y((limit * percent) / 100) + 4}" text-anchor="end">${percent} %</text>`)}
</svg><p class="quiet small">Areas: spent, and held on top of it. Lines: the limit, an even pace (dotted), the forecast (dashed). The table below has the numbers.</p>`;
}
