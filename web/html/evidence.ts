import { z } from 'zod';
import type { Plan } from '../../core/plan/schema.ts';
import { type CommandResult, phaseResult, type Refusal } from '../../core/run/phase.ts';
import { duration } from './format.ts';
import { facts, fold } from './layout.ts';
import { type Markup, markup, withoutColours } from './markup.ts';

/** The displayed fields of a stored phase (`PhaseEnd` without its artifacts). */
const phaseFacts = z.object({
  result: phaseResult.optional(),
  failure: z.object({ name: z.string(), message: z.string() }).optional(),
  enforcer: z.string(),
  ms: z.number(),
});

const list = (items: readonly (string | Markup)[]): Markup =>
  markup`<ul>${items.map((item) => markup`<li>${item}</li>`)}</ul>`;
const part = (title: string, items: readonly (string | Markup)[]): Markup | false =>
  items.length > 0 && markup`<h3>${title}</h3>${list(items)}`;

export const planView = (plan: Plan): Markup => markup`<div class="plan">
${plan.origin === 'person' && markup`<p class="quiet">Edited by a person.</p>`}
${plan.summary !== '' && markup`<p class="text">${plan.summary}</p>`}
<ol class="phases">${plan.phases.map(
  (phase) =>
    markup`<li><strong>${phase.name}</strong>${phase.checkpoint && markup` <span class="chip">checkpoint</span>`}${
      phase.estimate !== undefined && markup` <span class="quiet">${phase.estimate}</span>`
    }${phase.steps.length > 0 && list(phase.steps)}${
      phase.files.length > 0 &&
      markup`<p><span class="label">Files</span> ${phase.files.map((file) => markup`<code>${file}</code> `)}</p>`
    }${phase.tests.length > 0 && markup`<p><span class="label">Tests</span> ${phase.tests.join(', ')}</p>`}</li>`,
)}</ol>
${part('Touch points', plan.analysis.touch_points)}
${part('Dependencies', plan.analysis.dependencies)}
${part(
  'Research',
  plan.research.map(({ claim, source }) => markup`${claim} <span class="quiet">(${source})</span>`),
)}
${part('Components', plan.impact.components)}
${part('Breaking changes', plan.impact.breaking_changes)}
${part('Risks', plan.risks)}
${plan.rollback !== '' && markup`<h3>Rollback</h3><p class="text">${plan.rollback}</p>`}
</div>`;

const passed = (command: CommandResult): boolean => command.exitCode === 0 && !command.timedOut;

const commandView = (command: CommandResult): Markup =>
  fold(
    markup`<span class="chip ${passed(command) ? 'good' : 'bad'}">${
      passed(command) ? 'passed' : command.timedOut ? 'timed out' : `exit ${command.exitCode ?? 'unknown'}`
    }</span> ${command.name} <span class="quiet">${duration(command.ms)}</span>`,
    markup`<p><code>${command.command}</code></p>${
      command.output.trim() === ''
        ? markup`<p class="quiet">No output.</p>`
        : markup`<pre tabindex="0" role="region" aria-label="Output of ${command.name}">${withoutColours(command.output).trimEnd()}</pre>`
    }`,
    !passed(command),
  );

/** The evidence of one phase: its commands with their output, the versions, and the enforcer of the limits. */
export function phaseView(name: string, stored: unknown): Markup {
  const parsed = phaseFacts.safeParse(stored);
  if (!parsed.success)
    return markup`<h3>${name}</h3><p class="quiet">The stored result of this phase is unreadable.</p>`;
  const { result, failure, enforcer, ms } = parsed.data;
  return markup`<h3>${name} <span class="quiet">${duration(ms)}</span></h3>
${failure && markup`<p class="text"><strong>${failure.name}</strong> ${failure.message}</p>`}
${result?.error && markup`<p class="text"><strong>${result.error.name}</strong> ${result.error.message}</p>`}
${result && markup`<div class="commands">${result.commands.map(commandView)}</div>`}
${facts([
  ['Baseline', result?.baseline === 'skipped' ? null : (result?.baseline ?? null)],
  [
    'Versions',
    result
      ? Object.entries(result.versions)
          .map(([tool, version]) => `${tool} ${version}`)
          .join(', ')
      : null,
  ],
  ['Limits enforced by', enforcer],
])}`;
}

/** What may have carried data out first: a command that sends something, then other hosts, then registries. */
const byRisk = (refusals: readonly Refusal[]): Refusal[] => {
  const risk = ({ command, target }: Refusal): number =>
    /(?:^|\s)(?:-d|--data\S*|-F|--form|-T|--upload-file|--post-data|--post-file)(?:\s|=|@|$)|\bPOST\b|\bPUT\b/.test(
      command,
    )
      ? 0
      : target.includes(':')
        ? 1
        : 2;
  return refusals.toSorted((a, b) => risk(a) - risk(b));
};

export const refusalsView = (refusals: readonly Refusal[]): Markup =>
  markup`<ul class="refusals">${byRisk(refusals).map(
    (
      refusal,
    ) => markup`<li><code>${refusal.target}</code> ${refusal.reason}${refusal.count === undefined ? '' : ` (${refusal.count} times)`}
${facts([
  ['Asked by', refusal.command === '' ? null : markup`<code>${refusal.command}</code>`],
  ['Allowed by', refusal.allow === '' ? 'nothing' : markup`<code>${refusal.allow}</code>`],
  ['And in the spec', refusal.allowInSpec === undefined ? null : markup`<code>${refusal.allowInSpec}</code>`],
])}</li>`,
  )}</ul>`;
