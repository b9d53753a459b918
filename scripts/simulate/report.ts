import type { Prices } from '../cost/prices.ts';
import { priceOf } from '../cost/prices.ts';
import type { Use } from './meter.ts';
import type { Simulated } from './simulate.ts';

export interface Report {
  tasksPerDay: number;
  concurrent: number;
  hours: number;
  seed: number;
  submitted: number;
  outcomes: Record<string, number>;
  open: Record<string, number>;
  lost: string[];
  /** Events that were lost, and the longest time until what they should have done was done. */
  repairs: { lostEvents: number; oldestUnrepairedMs: number; unrepaired: number };
  reconciler: { passes: number; found: number; failed: number; left: number };
  requests: Record<string, number>;
  requestsPerRun: Record<string, number>;
  limits: (Omit<Use, 'limit'> & { limit: number; unit: string; confirmed: boolean; source: string; lift: string })[];
  saturatesFirst: string;
  /** US dollars for a day of such tasks, without model calls and without what an idle deployment costs. */
  usdPerDay: { total: number; items: Record<string, number> };
}

export function reportOf({ options, submitted, outcomes, open, lost, world }: Simulated, prices: Prices): Report {
  const { meter, repairs, lostSince, clock, passes } = world;
  const outstanding = [...lostSince.values()].map((since) => clock.now() - since);
  const round = (value: number): number => Math.round(value * 100) / 100;
  const uses = meter.uses();
  const requests = Object.fromEntries([...meter.requests].sort());
  const { tasksPerDay, concurrent, hours, seed } = options;
  return {
    ...{ tasksPerDay, concurrent, hours, seed, submitted, outcomes, open, lost },
    repairs: {
      lostEvents: repairs.lost,
      oldestUnrepairedMs: Math.max(repairs.longestMs, ...outstanding, 0),
      unrepaired: outstanding.length,
    },
    reconciler: { passes: passes.count, found: passes.found, failed: passes.failed, left: passes.left },
    requests,
    requestsPerRun: Object.fromEntries(
      Object.entries(requests).map(([name, count]) => [name, round(count / Math.max(1, submitted))]),
    ),
    limits: uses.map(({ name, limit, average, peak, share }) => ({
      ...{ name, average: round(average), peak: round(peak), share: Math.round(share * 1_000) / 1_000 },
      limit: limit.value,
      ...{ unit: limit.unit, confirmed: limit.confirmed, source: limit.source, lift: limit.lift },
    })),
    saturatesFirst: uses[0]?.name ?? '',
    usdPerDay: costOf(world, prices, tasksPerDay / Math.max(1, submitted)),
  };
}

/** What was used, at list prices, scaled to a whole day of tasks. */
function costOf(
  { meter, ecs, lambda }: Simulated['world'],
  prices: Prices,
  scale: number,
): { total: number; items: Record<string, number> } {
  const price = priceOf(prices);
  const count = (pattern: RegExp): number =>
    [...meter.requests].reduce((sum, [name, times]) => sum + (pattern.test(name) ? times : 0), 0);
  const hours = { gateway: ecs.seconds.gateway / 3_600, sandbox: ecs.seconds.sandbox / 3_600 };
  const usd: Record<string, number> = {
    'Fargate: sandboxes': hours.sandbox * (2 * price('fargateCpuHour') + 4 * price('fargateGigabyteHour')),
    'Fargate: gateways': hours.gateway * (0.25 * price('fargateCpuHour') + 0.5 * price('fargateGigabyteHour')),
    'Public addresses': hours.gateway * price('publicAddressHour'),
    'Step Functions': meter.total('states:transition') * price('transition'),
    Lambda: count(/^lambda:Invoke$/) * price('lambdaRequest') + lambda.seconds * 0.5 * price('lambdaGigabyteSecond'),
    DynamoDB:
      count(/^dynamodb write units$/) * price('dynamoWrite') + count(/^dynamodb read units$/) * price('dynamoRead'),
    S3: count(/^s3:Put/) * price('bucketWrite') + count(/^s3:(Get|Head)/) * price('bucketRead'),
  };
  const items = Object.fromEntries(
    Object.entries(usd).map(([name, value]) => [name, Math.round(value * scale * 100) / 100]),
  );
  return { total: Math.round(Object.values(usd).reduce((sum, value) => sum + value, 0) * scale * 100) / 100, items };
}

const minutes = (ms: number): string => `${Math.round(ms / 6_000) / 10} min`;
const counts = (all: Record<string, number>): string =>
  Object.entries(all)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ') || 'none';

/** The report for people. */
export function reportText(report: Report): string {
  const { repairs, reconciler, usdPerDay, lost } = report;
  const row = (cells: string[]): string =>
    `  ${cells[0]?.padEnd(26)}${cells
      .slice(1)
      .map((cell) => cell.padStart(12))
      .join('')}`;
  return [
    `${report.submitted} tasks in ${report.hours} h, ${report.tasksPerDay} a day, at most ${report.concurrent} at a time, seed ${report.seed}`,
    `ended: ${counts(report.outcomes)}`,
    `open:  ${counts(report.open)}`,
    lost.length === 0 ? 'nothing lost' : `lost: ${lost.length}: ${lost.slice(0, 20).join(', ')}`,
    `events lost: ${repairs.lostEvents}; oldest unrepaired wait ${minutes(repairs.oldestUnrepairedMs)}; not repaired ${repairs.unrepaired}`,
    `reconciler: ${reconciler.passes} passes, ${reconciler.failed} failed, at most ${reconciler.left} runs left to the next pass`,
    '',
    row(['limit', 'average', 'peak', 'limit', 'used']),
    ...report.limits.map(({ name, average, peak, limit, share, confirmed }) =>
      row([
        `${name}${confirmed ? '' : ' (?)'}`,
        String(average),
        String(peak),
        String(limit),
        `${Math.round(share * 100)} %`,
      ]),
    ),
    '(?): not confirmed on its page; used: of a bucket, how far it was emptied',
    `saturates first: ${report.saturatesFirst}`,
    '',
    `a day: ${usdPerDay.total} USD without models and idle costs (${Object.entries(usdPerDay.items)
      .map(([name, usd]) => `${name} ${usd}`)
      .join(', ')})`,
  ].join('\n');
}
