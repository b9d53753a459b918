import { idleItems } from './idle.ts';
import type { Item, Prices } from './prices.ts';
import { runItems, typical } from './run.ts';
import type { Template } from './template.ts';

interface Costs {
  idle: Item[];
  run: Item[];
  idleUsd: number;
  runUsd: number;
}

const total = (items: Item[]): number => items.reduce((sum, { usd }) => sum + usd, 0);

/** US dollars: per month without runs, and per run without its model calls. */
export function costsOf(templates: Template[], prices: Prices): Costs {
  const [idle, run] = [idleItems(templates, prices), runItems(templates, prices)];
  return { idle, run, idleUsd: total(idle), runUsd: total(run) };
}

const table = (items: Item[], digits: number): string =>
  [
    '| item | USD | worked out from |',
    '|---|--:|---|',
    ...items.map(({ name, usd, reason }) => `| ${name} | ${usd.toFixed(digits)} | ${reason} |`),
    `| **together** | **${total(items).toFixed(digits)}** | |`,
  ].join('\n');

/** The complete text of docs/cost.md. */
export function costDocument({ idle, run, idleUsd, runUsd }: Costs, prices: Prices): string {
  const sources = [...new Set(Object.values(prices.prices).map(({ source }) => source))].sort();
  return `# What a deployment costs

Written by \`npm run cost\` from the synthesized templates and [the price file](../scripts/cost/prices.json); a test fails
when this page is older than they are. Prices: ${prices.region}, ${prices.date}. ${prices.note}

At rest ${idleUsd.toFixed(2)} USD a month in one zone. A run without rework ${runUsd.toFixed(3)} USD, and what its model calls cost.

## A month without a run

${table(idle, 2)}

Each further zone adds two interface endpoints, 14.60 USD. A waiting run costs nothing: it holds no task, and Step Functions
charges by transition.

## One run

${typical.phases} phases of ten minutes with the task sizes of \`examples/aws/drydock.policy.yaml\`, and a minute each for the pull of the images.

${table(run, 5)}

Not in it: model calls (measured per call, \`drydock budget\`), traffic out to the internet (0.09 USD a GB after the first
100), and traffic of image pulls through the endpoints (0.01 USD a GB).

## Sources

${sources.map((source) => `- ${source}`).join('\n')}
`;
}
