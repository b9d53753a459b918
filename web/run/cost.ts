import { formatUsd } from '../../core/money/format.ts';
import type { Audit } from '../../pipeline/service/service.ts';
import type { RunDetail } from '../../pipeline/view/run-detail.ts';
import { count, duration } from '../html/format.ts';
import { type Markup, markup } from '../html/markup.ts';

/** What a run costs: against its estimate and its limit, by model, and call by call. */
export function costTab(detail: RunDetail, { calls }: Audit): Markup {
  const { estimate } = detail;
  const models = Map.groupBy(calls, ({ provider, model }) => `${provider}/${model}`);
  const percent = detail.capMicros === 0 ? 0 : Math.round((detail.spentMicros / detail.capMicros) * 100);
  return markup`<dl class="verdict">${[
    ['Spent', formatUsd(detail.spentMicros), `${percent} % of the limit`],
    ['Limit of the run', formatUsd(detail.capMicros), 'no call starts that could pass it'],
    [
      'Estimate',
      estimate ? formatUsd(estimate.micros.expected) : '–',
      estimate
        ? `${formatUsd(estimate.micros.low)} to ${formatUsd(estimate.micros.high)}`
        : 'the agent has no model of the price list',
    ],
    ['Calls', String(calls.length), count(models.size, 'model')],
  ].map(([name, value, more]) => markup`<div><dt>${name}</dt><dd><b>${value}</b>${more}</dd></div>`)}</dl>
${
  estimate &&
  estimate.breakdown.length > 0 &&
  markup`<section class="card"><div class="scroll" tabindex="0" role="region" aria-label="Estimate by phase"><table><caption>Estimate by phase</caption><thead><tr><th scope="col">Phase</th><th scope="col" class="number">Expected</th><th scope="col" class="number">Took</th></tr></thead><tbody>${estimate.breakdown.map(
    ({ phase, micros }) =>
      markup`<tr><td>${phase}</td><td class="number">${formatUsd(micros)}</td><td class="number">${took(detail, phase)}</td></tr>`,
  )}</tbody></table></div></section>`
}
${
  models.size > 0 &&
  markup`<section class="card"><div class="scroll" tabindex="0" role="region" aria-label="Cost by model"><table><caption>By model</caption><thead><tr><th scope="col">Model</th><th scope="col" class="number">Calls</th><th scope="col" class="number">In</th><th scope="col" class="number">Cached</th><th scope="col" class="number">Out</th><th scope="col" class="number">Cost</th></tr></thead><tbody>${[
    ...models,
  ].map(([model, some]) => {
    const sum = (of: (call: (typeof some)[number]) => number): number =>
      some.reduce((total, call) => total + of(call), 0);
    return markup`<tr><td>${model}</td><td class="number">${some.length}</td><td class="number">${sum((c) => c.inputTokens)}</td><td class="number">${sum((c) => c.cachedTokens)}</td><td class="number">${sum((c) => c.outputTokens)}</td><td class="number">${formatUsd(sum((c) => c.usdMicros))}</td></tr>`;
  })}</tbody></table></div></section>`
}
${callsTable(calls)}`;
}

const took = ({ steps }: RunDetail, phase: string): string => {
  const step = steps.find(({ name }) => name.toLowerCase() === phase);
  return step && step.ms > 0 ? duration(step.ms) : '';
};

export const callsTable = (calls: Audit['calls']): Markup | null =>
  calls.length === 0
    ? markup`<p class="quiet">No model was called.</p>`
    : markup`<section class="card"><div class="scroll" tabindex="0" role="region" aria-label="Model calls"><table><caption>Model calls</caption><thead><tr><th scope="col">Model</th><th scope="col">Kind</th><th scope="col" class="number">In</th><th scope="col" class="number">Out</th><th scope="col" class="number">Cost</th></tr></thead><tbody>${calls.map(
        (call) =>
          markup`<tr><td>${call.provider}/${call.model}</td><td>${call.kind}</td><td class="number">${call.inputTokens}</td><td class="number">${call.outputTokens}</td><td class="number">${formatUsd(call.usdMicros)}${call.state === 'reserved' && ' (cut off: worst case)'}</td></tr>`,
      )}</tbody></table></div></section>`;
