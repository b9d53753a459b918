import { formatUsd } from '../../core/money/format.ts';
import { personOf } from '../../core/policy/people.ts';
import type { GateKind } from '../../core/run/gate.ts';
import type { RunItem } from '../../pipeline/view/run-item.ts';
import { gateWords } from '../../pipeline/view/words.ts';
import { among, count, duration } from '../html/format.ts';
import { page } from '../html/layout.ts';
import { gatePath, type Markup, markup, runPath } from '../html/markup.ts';
import type { PageContext } from '../options.ts';

/** The person that a visitor is, as rules compare it. */
export const visitorOf = ({ options, visitor }: PageContext): string => {
  const who = visitor?.who ?? '';
  return personOf(options.policy, who) ?? who;
};

/** Decisions in which the vote of the person would count. */
export const waitingFor = (person: string, items: readonly RunItem[]): RunItem[] =>
  items.filter(({ gate }) => gate?.may.includes(person));

const verbs: Record<GateKind, string> = {
  plan: 'Read the plan',
  review: 'Review',
  question: 'Answer',
  checkpoint: 'Look',
  slot: 'See it',
  ci: 'See it',
  parts: 'See it',
};

interface Needs {
  items: readonly RunItem[];
  more: boolean;
  /** All that waits, not only what waits for the visitor. */
  all: boolean;
  /** The newest runs, for a page on which nothing waits. */
  last: RunItem | undefined;
}

/** What waits for a person, the most urgent first. */
export function needsPage(context: PageContext, { items, more, all, last }: Needs): Markup {
  const person = visitorOf(context);
  const mine = waitingFor(person, items);
  const shown = all ? items : mine;
  const others = items.length - mine.length;
  const oldest = shown.map(({ gate }) => gate?.openedAt ?? '').sort()[0];
  const title = all
    ? `${count(items.length, 'decision')} ${items.length === 1 ? 'waits' : 'wait'}`
    : `${count(mine.length, 'decision')} ${mine.length === 1 ? 'waits' : 'wait'} for you`;
  const body = markup`<div class="head"><h1>${shown.length === 0 ? 'Nothing waits for you' : title}</h1>
<p class="quiet">${oldest !== undefined && `oldest waits ${duration(context.now - Date.parse(oldest))} · `}${
    all
      ? markup`<a href="/">Only mine: ${mine.length}</a>`
      : others > 0
        ? markup`<a href="/?all=1">${others} more for others</a>`
        : 'nothing waits for others'
  }</p></div>
<div id="needs" data-fresh>${
    shown.length === 0
      ? markup`<p class="empty">${last ? markup`Last: <a href="${runPath(last.runId)}">${last.title}</a> (${last.taskId}), ${last.words.text.toLowerCase()}.` : markup`No runs yet. Start one with <code>drydock run FILE</code>.`}</p>`
      : markup`<ul class="needs">${shown.map((item) => card(context, person, item))}</ul>`
  }${more && markup`<p class="box warn">More decisions wait than this page has. See <a href="/runs?state=waiting">all runs that wait</a>.</p>`}</div>
<p><a href="/runs">All runs</a></p>`;
  return page({ ...context, badge: mine.length }, { title: 'Needs you', at: '/', body, live: 'slow' });
}

function card(context: PageContext, person: string, item: RunItem): Markup | null {
  const { gate } = item;
  if (!gate) return null;
  const may = gate.may.includes(person);
  const waits = context.now - Date.parse(gate.openedAt);
  const left = Date.parse(gate.expiresAt) - context.now;
  return markup`<li class="need"><div class="head"><span class="chip ${gate.alert || gate.stuck ? 'bad' : 'wait'}">${gate.stuck ? 'Stuck' : gateWords[gate.kind]}</span> <span class="quiet">${item.repository}</span></div>
<h2><a href="${gatePath(gate.gateId)}">${item.title}</a> <span class="quiet">${item.taskId}</span></h2>
<p>${gate.stake}</p>${secondVote(gate, person)}
<div class="end"><p class="quiet small">${may ? among(['You', ...gate.may.filter((who) => who !== person)], 'or') : `Waits for ${among(gate.may, 'or') || 'nobody who may'}`} · waits ${duration(waits)}${left < 86_400_000 && ` · expires in ${duration(Math.max(0, left))}`} · ${formatUsd(item.spentMicros)} of ${formatUsd(item.capMicros)}</p>
<a class="button${may ? '' : ' quiet'}" href="${gatePath(gate.gateId)}">${!may ? 'See it' : gate.stuck ? 'Decide' : verbs[gate.kind]}<span class="hidden">: ${item.taskId}</span></a></div></li>`;
}

function secondVote({ approvals, required }: NonNullable<RunItem['gate']>, person: string): Markup | null {
  if (required < 2) return null;
  const voted = approvals.includes(person) ? ' You approved; another person has to.' : '';
  return markup`<p><strong>${approvals.length} of ${required} approvals.</strong>${voted}</p>`;
}
