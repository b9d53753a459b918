import { optionEffects, optionsOf } from '../../core/review/option.ts';
import { type GateOption, isWait } from '../../core/run/gate.ts';
import type { GateView } from '../../pipeline/service/service.ts';
import { fold, form } from '../html/layout.ts';
import { gatePath, type Markup, markup } from '../html/markup.ts';
import type { PageContext } from '../options.ts';
import { type Draft, draftText } from '../pages/draft.ts';
import { type GateParts, standingOf } from './parts.ts';
import { planFields } from './plan-fields.ts';

/** Id of the form that comments on lines belong to. */
export const reworkForm = 'rework';

/** All ways to decide, for those who may. */
export function decide(context: PageContext, parts: GateParts): Markup | null {
  const { gate, evidence, refused } = parts;
  if (isWait(gate.kind)) return null;
  const { may, why } = standingOf(context, parts);
  const who = context.visitor?.who ?? '';
  if (!may) return markup`<section class="card" id="decide"><h2>Decide</h2><p>${why}</p></section>`;
  const choice = (name: string, body: Markup, id = ''): Markup =>
    form(
      context,
      gatePath(gate.gateId),
      markup`<input type="hidden" name="choice" value="${name}"><input type="hidden" name="head" value="${gate.head}">${body}`,
      'choice',
      id,
    );
  const plan = 'value' in evidence ? evidence.value.plan : null;
  const kept = (name: string, field: string): string => draftText(refused?.draft, name, field);
  const edit = kept('approve', 'edit');
  const revise = gate.kind === 'review' || (gate.kind === 'plan' && gate.revisionsLeft > 0);
  return markup`<section class="card" id="decide"><h2>Decide as ${who}</h2>
${gate.kind === 'question' && choice('answer', answerFields(gate, refused?.draft), 'answer-form')}
${gate.kind === 'question' && gate.acceptable && choice('approve', markup`<p>The run continues with the change as it is.</p><button type="submit">Accept the change as it is</button>`)}
${
  gate.kind === 'plan' &&
  choice(
    'approve',
    markup`<label for="constraint">Approve with one more constraint</label><input id="constraint" name="constraint" maxlength="2000" required value="${kept('approve', 'constraint')}"><button type="submit" class="quiet">Approve with this constraint</button>`,
  )
}
${
  gate.kind === 'plan' &&
  (plan || edit !== '') &&
  markup`<div class="choice">${fold('Approve an edited plan instead', choice('approve', planFields(plan, edit)), edit !== '')}</div>`
}
${
  revise &&
  choice(
    'revise',
    markup`<label for="revise">${gate.kind === 'plan' ? `What the next plan should do differently (${gate.revisionsLeft} left)` : 'What to change'}</label><textarea id="revise" name="text" rows="4" maxlength="10000"${gate.kind === 'plan' && markup` required`}>
${kept('revise', 'text')}</textarea>${gate.kind === 'review' && markup`<p class="quiet">Your comments on lines are added to it, each with its file and line.</p>`}<button type="submit" class="quiet">${gate.kind === 'plan' ? 'Ask for another plan' : 'Ask for rework'}</button>`,
    reworkForm,
  )
}
${choice(
  'reject',
  markup`<label for="reject">Reason for the rejection; it ends the run</label><textarea id="reject" name="text" rows="2" required maxlength="10000">
${kept('reject', 'text')}</textarea><button type="submit" class="danger">Reject</button>`,
  'reject-form',
)}
</section>`;
}

function answerFields(gate: GateView, draft: Draft | undefined): Markup {
  const options = optionsOf(gate);
  const suggested = gate.question?.suggested;
  const checked = draftText(draft, 'answer', 'option') || suggested;
  const notes = ({ label, does, text }: GateOption): string =>
    [label === suggested ? 'suggested' : '', optionEffects[does], text === 'required' ? 'write it below' : '']
      .filter((note) => note !== '')
      .join(', ');
  const radio = (option: GateOption): Markup => {
    const note = notes(option);
    return markup`<label class="option"><input type="radio" name="option" value="${option.label}"${option.label === checked && markup` checked`}> <span>${option.label}${note !== '' && markup` <span class="quiet">(${note})</span>`}</span></label>`;
  };
  const hasActions = options.some(({ does }) => does !== 'answer');
  const textLabel = hasActions
    ? 'Your hint, or your reason'
    : options.length > 0
      ? 'Or write your own answer, which then counts'
      : 'Your answer';
  return markup`${
    options.length > 0 && markup`<fieldset><legend>Choose an answer</legend>${options.map(radio)}</fieldset>`
  }
<label for="answer">${textLabel}</label>
${options.length === 0 && suggested !== undefined && markup`<p class="quiet">Suggested: ${suggested}</p>`}
<textarea id="answer" name="text" rows="3" maxlength="10000"${options.length === 0 && markup` required`}>
${draftText(draft, 'answer', 'text')}</textarea>
<button type="submit">Answer</button>`;
}
