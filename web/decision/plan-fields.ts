import { stringify } from 'yaml';
import type { Plan } from '../../core/plan/schema.ts';
import { fold } from '../html/layout.ts';
import { type Markup, markup } from '../html/markup.ts';

/** Fields in which a list has one entry per line. */
const lists = ['files', 'steps', 'tests'] as const;
const labels = { files: 'Files, one per line', steps: 'Steps, one per line', tests: 'Tests, one per line' } as const;

/**
 * The plan as fields per phase, and as a whole in YAML; the fields are what is approved unless the text was changed.
 * @param edit The text that was sent and refused; empty at first.
 */
export function planFields(plan: Plan | null, edit: string): Markup {
  const text = edit === '' ? stringify(plan) : edit;
  return markup`${
    plan &&
    edit === '' &&
    markup`<input type="hidden" name="phases" value="${plan.phases.length}"><label>Summary <textarea name="plan-summary" rows="2" maxlength="4000">
${plan.summary}</textarea></label>${plan.phases.map((phase, i) =>
      fold(
        `Phase ${i + 1}: ${phase.name}`,
        markup`<label>Name <input name="phase-${i}-name" maxlength="200" value="${phase.name}"></label>${lists.map(
          (field) =>
            markup`<label>${labels[field]} <textarea name="phase-${i}-${field}" rows="${Math.min(8, phase[field].length + 1)}" maxlength="20000">
${phase[field].join('\n')}</textarea></label>`,
        )}<label class="option"><input type="checkbox" name="phase-${i}-checkpoint" value="yes"${phase.checkpoint && markup` checked`}> <span>A person checks the work after this phase</span></label><label class="option"><input type="checkbox" name="phase-${i}-left-out" value="yes"> <span>Leave this phase out</span></label>`,
      ),
    )}`
  }${fold(
    'The whole plan as YAML',
    markup`<label for="edit">The plan as YAML; if you change this text, it is approved, and the fields are not</label>${edit === '' && markup`<input type="hidden" name="edit-before" value="${text}">`}<textarea id="edit" name="edit" rows="16" class="code" spellcheck="false">
${text}</textarea>`,
    edit !== '',
  )}<button type="submit">Approve the edited plan</button>`;
}

/** The edited plan in a form as YAML, or undefined if it does not edit a plan. */
export function editedPlan(field: (name: string) => string, plan: Plan | null): string | undefined {
  const edit = field('edit');
  const phases = Number(field('phases'));
  const before = field('edit-before');
  const changedText = edit !== '' && edit !== before;
  if (changedText || !plan || !Number.isInteger(phases) || phases !== plan.phases.length)
    return edit === '' ? undefined : edit;
  const linesOf = (name: string): string[] =>
    field(name)
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  const edited = plan.phases.flatMap((phase, i) =>
    field(`phase-${i}-left-out`) === 'yes'
      ? []
      : [
          {
            ...phase,
            name: field(`phase-${i}-name`),
            ...Object.fromEntries(lists.map((each) => [each, linesOf(`phase-${i}-${each}`)])),
            checkpoint: field(`phase-${i}-checkpoint`) === 'yes',
          },
        ],
  );
  const { origin: _origin, ...rest } = plan;
  return stringify({ ...rest, summary: field('plan-summary'), phases: edited });
}
