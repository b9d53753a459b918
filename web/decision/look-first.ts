import { splitHints } from '../../core/review/gate-hints.ts';
import { count } from '../html/format.ts';
import { type Markup, markup } from '../html/markup.ts';
import type { GateParts } from './parts.ts';

const maxNamed = 5;

/** What a person should look at before anything else: each with its reason, the worst first. */
export function lookFirst(parts: GateParts): Markup | null {
  const { gate, run, change, detail } = parts;
  const { rest } = splitHints(gate.text);
  const files = 'value' in change && gate.kind !== 'plan' ? (change.value?.files ?? []) : [];
  const unplanned = files.filter(({ phase }) => phase === null).map(({ path }) => path);
  const generated = files.filter((file) => file.generated);
  const refused = [...new Set(run.refusals.map(({ target }) => target))];
  // The review's text begins with what the guard shows first, and ends with the sizes, which the tiles have.
  const guard = gate.kind === 'review' ? rest.split('\n').slice(0, -1).join('\n').trim() : '';
  const points: (Markup | false)[] = [
    gate.kind === 'review' &&
      gate.head !== run.commit &&
      markup`The run has another commit by now; this gate is about <code>${gate.head.slice(0, 12)}</code>.`,
    detail.tests !== null &&
      !detail.tests.ok &&
      markup`The tests fail: ${detail.tests.failing.slice(0, maxNamed).join(', ') || 'see the evidence'}.`,
    unplanned.length > 0 && markup`${count(unplanned.length, 'file')} not in the plan: ${named(unplanned)}`,
    refused.length > 0 && markup`Refused outgoing requests: ${named(refused)}`,
    generated.length > 0 &&
      markup`${count(generated.length, 'file')} made by a program: read some, and compare them with their source.`,
  ];
  const shown = points.filter((point) => point !== false);
  return markup`${gate.needsPerson && gate.kind !== 'question' && markup`<div class="box warn"><p><strong>Check this carefully.</strong> <code>--yes</code> may not decide it.</p></div>`}
${
  (shown.length > 0 || guard !== '') &&
  markup`<div class="box warn"><p><strong>Look at these first:</strong></p>${guard !== '' && markup`<pre class="wrap" tabindex="0" role="region" aria-label="Shown first by the guard">${guard}</pre>`}${shown.length > 0 && markup`<ul>${shown.map((point) => markup`<li>${point}</li>`)}</ul>`}</div>`
}`;
}

const named = (paths: readonly string[]): Markup =>
  markup`${paths.slice(0, maxNamed).map((path) => markup`<code>${path}</code> `)}${paths.length > maxNamed && `and ${paths.length - maxNamed} more`}`;

/** What was found in texts from outside; at every kind of gate, before whatever else it shows. */
export function hintsBox({ text }: GateParts['gate']): Markup | null {
  const { hints } = splitHints(text);
  return hints === ''
    ? null
    : markup`<div class="box bad"><p><strong>Texts from outside give orders to an agent, or hide something.</strong> These are hints: a list of patterns found them, and may have missed others.</p><pre class="wrap" tabindex="0" role="region" aria-label="Suspicious texts">${hints}</pre></div>`;
}
