import { stringify } from 'yaml';
import type { ErrorView } from '../../core/errors.ts';
import { personOf } from '../../core/policy/people.ts';
import type { UnifiedDiff } from '../../core/ports/host/code-host.ts';
import { splitHints } from '../../core/review/gate-hints.ts';
import { optionsOf } from '../../core/review/option.ts';
import { type GateKind, type GateOption, isWait, type Vote } from '../../core/run/gate.ts';
import type { Evidence, GateView, RunView } from '../../pipeline/service/service.ts';
import { diffView } from '../html/diff.ts';
import { changedFiles, phaseView, planView } from '../html/evidence.ts';
import { moment } from '../html/format.ts';
import { chip, facts, fold, form, page } from '../html/layout.ts';
import { gatePath, type Markup, markup, runPath } from '../html/markup.ts';
import type { PageContext } from '../options.ts';
import { type Draft, draftBox, draftText } from './draft.ts';
import { errorBox } from './error.ts';
import type { Part } from './run.ts';

export interface GateParts {
  gate: GateView;
  run: RunView;
  evidence: Part<Evidence>;
  diff: Part<UnifiedDiff | null>;
  /** The vote that was just refused, with the error; its fields fill the forms again. */
  refused?: { draft: Draft; error: ErrorView };
}

const kindNames: Record<GateKind, string> = {
  plan: 'Plan',
  checkpoint: 'Checkpoint',
  question: 'Question',
  review: 'Review',
  slot: 'Queue',
  ci: 'CI',
  parts: 'Parts',
};

export function gatePage(context: PageContext, parts: GateParts): Markup {
  const { gate, run, refused } = parts;
  const expired = Date.parse(gate.expiresAt) <= context.now;
  const body = markup`<p class="trail"><a href="${runPath(gate.runId)}">${gate.taskId}</a> · ${kindNames[gate.kind]}${gate.round > 1 && ` ${gate.round}`}</p>
<div class="head"><h1>${gate.title}</h1><p>${chip(gate.decision?.outcome ?? (expired ? 'expired' : 'waiting'))}</p></div>
${refused && markup`${errorBox(refused.error)}<p>Nothing was changed. Your text is still in the form. <a href="${gatePath(gate.gateId)}">Back</a></p>`}
${decisionBox(context, gate)}
${gate.status === 'pending' && expired && markup`<div class="box warn"><p>The gate has expired: votes are stored, but not counted.</p></div>`}
${gate.needsPerson && gate.kind !== 'question' && markup`<div class="box warn"><p><strong>Check this carefully.</strong> <code>--yes</code> may not decide it.</p></div>`}
${hintsBox(gate)}
${subject(parts)}
${gate.status === 'pending' && !expired ? decide(context, parts) : refused && draftBox(refused.draft)}
<section><h2>Who decides</h2>${facts([
    ['May approve', gate.approvers.join(', ') || 'nobody'],
    ['May answer', gate.kind === 'question' ? gate.eligible.join(', ') : null],
    ['Approvals', `${gate.approvals.length} of ${gate.required}`],
    ['Requested by', markup`${gate.requester}${!gate.solo && markup` <span class="quiet">(may not approve)</span>`}`],
    ['Started again by', gate.barred ? `${gate.barred.join(', ')}${gate.solo ? '' : ' (may not approve)'}` : null],
    ['Repository', run.repository],
    ['Opened', moment(gate.openedAt, context.now)],
    ['Expires', gate.status === 'pending' ? moment(gate.expiresAt, context.now) : null],
    ['Commit', gate.kind === 'review' ? markup`<code>${gate.head}</code>` : null],
    ['Digest of the plan', gate.kind === 'plan' ? markup`<code>${gate.head}</code>` : null],
  ])}${votesView(context, gate.votes)}</section>`;
  return page(context, { title: `${gate.taskId}: ${gate.title}`, at: '/runs', body });
}

const decisionBox = (context: PageContext, { decision, delivered }: GateView): Markup | null =>
  decision === undefined
    ? null
    : markup`<div class="box ${decision.outcome === 'rejected' ? 'bad' : 'good'}" role="status"><p><strong>Decided: ${decision.outcome}</strong> by ${decision.by.join(', ')}, ${moment(decision.at, context.now)}</p>
${decision.text !== '' && markup`<p class="text">${decision.text}</p>`}
${decision.constraint !== undefined && markup`<p><span class="label">Added constraint</span> ${decision.constraint}</p>`}
${decision.edit !== undefined && markup`<p>The plan was edited.</p>`}
${!delivered && markup`<p class="quiet">The decision takes effect when the run resumes.</p>`}</div>`;

const votesView = (context: PageContext, votes: readonly Vote[]): Markup | null =>
  votes.length === 0
    ? null
    : markup`<h3>Votes</h3><ul class="votes">${votes.map(
        (vote) =>
          markup`<li><strong>${vote.person}</strong> ${vote.choice} ${moment(vote.at, context.now)}${vote.late && markup` <span class="chip warn">late, not counted</span>`}${
            vote.text !== '' && markup`<p class="text">${vote.text}</p>`
          }</li>`,
      )}</ul>`;

/** What was found in texts from outside; at every kind of gate, whatever else it shows. */
function hintsBox({ text }: GateView): Markup | null {
  const { hints } = splitHints(text);
  return hints === ''
    ? null
    : markup`<div class="box bad"><p><strong>Texts from outside give orders to an agent, or hide something.</strong> These are hints: a list of patterns found them, and may have missed others.</p><pre class="wrap">${hints}</pre></div>`;
}

/** The subject of the decision: the plan, the change with its evidence, or the question. */
function subject({ gate, run, evidence, diff }: GateParts): Markup {
  const { rest } = splitHints(gate.text);
  const text = rest !== '' && markup`<pre class="wrap">${rest}</pre>`;
  if (gate.kind === 'question' && gate.question) {
    const { question, context } = gate.question;
    return markup`<section><h2>The question</h2>${question !== gate.title && markup`<p class="text lead">${question}</p>`}
${context !== '' && markup`<pre class="wrap">${context}</pre>`}${rest !== question && rest !== context && text}</section>`;
  }
  if ('error' in evidence) return markup`<section>${text}${errorBox(evidence.error)}</section>`;
  const { plan, phases, diff: entries } = evidence.value;
  // After the decision the run may have another plan, so the text of the gate is shown instead.
  if (gate.kind === 'plan') {
    return markup`<section><h2>The plan</h2>${gate.status === 'pending' && plan ? planView(plan) : text}</section>`;
  }
  const current = gate.kind !== 'review' || gate.head === run.commit;
  const change = 'error' in diff ? errorBox(diff.error) : diff.value && diffView(diff.value);
  return markup`<section><h2>Decision needed</h2>${text}</section>
${current && entries.length > 0 && markup`<section><h2>The change</h2>${changedFiles(evidence.value)}${gate.kind === 'review' && change}</section>`}
${current && phases.verify !== undefined && markup`<section><h2>Evidence</h2>${phaseView('verify', phases.verify)}</section>`}`;
}

function decide(context: PageContext, { gate, evidence, refused }: GateParts): Markup | null {
  if (isWait(gate.kind)) return null;
  const who = context.visitor?.who ?? '';
  const person = personOf(context.options.policy, who) ?? who;
  const listed = gate.eligible.includes(person) || gate.approvers.includes(person);
  const own = [gate.requester, ...(gate.barred ?? [])].includes(person) && !gate.solo;
  const choice = (name: string, body: Markup): Markup =>
    form(
      context,
      gatePath(gate.gateId),
      markup`<input type="hidden" name="choice" value="${name}"><input type="hidden" name="head" value="${gate.head}">${body}`,
      'choice',
    );
  const plan = 'value' in evidence ? evidence.value.plan : null;
  const kept = (name: string, field: string): string => draftText(refused?.draft, name, field);
  const edit = kept('approve', 'edit');
  const revise = gate.kind === 'review' || (gate.kind === 'plan' && gate.revisionsLeft > 0);
  return markup`<section class="decide"><h2>Decide as ${who}</h2>
${!listed && markup`<div class="box warn"><p>${who} may not decide this gate; the vote will be refused.</p></div>`}
${own && gate.kind !== 'question' && markup`<div class="box warn"><p>${who} ${person === gate.requester ? 'requested this run' : 'started this run again'}, so another person has to approve it.</p></div>`}
${gate.kind === 'question' && choice('answer', answerFields(gate, refused?.draft))}
${
  (gate.kind !== 'question' || gate.acceptable) &&
  choice(
    'approve',
    markup`${gate.kind === 'plan' && markup`<label for="constraint">One more constraint <span class="quiet">(optional)</span></label><input id="constraint" name="constraint" maxlength="2000" value="${kept('approve', 'constraint')}">`}
<button type="submit">${gate.kind === 'question' ? 'Accept the change as it is' : 'Approve'}</button>`,
  )
}
${
  gate.kind === 'plan' &&
  (plan || edit !== '') &&
  fold(
    'Approve an edited plan instead',
    choice(
      'approve',
      markup`<label for="edit">The plan as YAML; this text is approved</label><textarea id="edit" name="edit" rows="16" class="code" spellcheck="false" required>
${edit === '' ? stringify(plan) : edit}</textarea><button type="submit">Approve the edited plan</button>`,
    ),
    edit !== '',
  )
}
${
  revise &&
  choice(
    'revise',
    markup`<label for="revise">${gate.kind === 'plan' ? `What the next plan should do differently (${gate.revisionsLeft} left)` : 'What to change'}</label><textarea id="revise" name="text" rows="3" required maxlength="10000">
${kept('revise', 'text')}</textarea><button type="submit" class="quiet">${gate.kind === 'plan' ? 'Ask for another plan' : 'Ask for rework'}</button>`,
  )
}
${choice(
  'reject',
  markup`<label for="reject">Reason for the rejection; it ends the run</label><textarea id="reject" name="text" rows="2" required maxlength="10000">
${kept('reject', 'text')}</textarea><button type="submit" class="danger">Reject</button>`,
)}
</section>`;
}

/** The effect of an option besides its answer. */
const effects: Record<GateOption['does'], string> = {
  answer: '',
  reject: 'ends the run',
  accept: 'approves the change as it is',
  redo: 'starts the part again',
  'leave-out': 'the campaign goes on without it',
  'take-ours': 'settles the conflict',
  'take-theirs': 'settles the conflict',
};

function answerFields(gate: GateView, draft: Draft | undefined): Markup {
  const options = optionsOf(gate);
  const suggested = gate.question?.suggested;
  const checked = draftText(draft, 'answer', 'option') || suggested;
  const notes = ({ label, does, text }: GateOption): string =>
    [label === suggested ? 'suggested' : '', effects[does], text === 'required' ? 'write it below' : '']
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
