import { httpUrl } from '../../core/notification/card.ts';
import type { Delivery, OutboxEntry } from '../../core/ports/store/outbox.ts';
import { among, count, moment } from '../html/format.ts';
import { fold, page } from '../html/layout.ts';
import { link, type Markup, markup } from '../html/markup.ts';
import type { PageContext } from '../options.ts';

const kinds: Record<OutboxEntry['notice']['kind'], string> = {
  plan: 'Plan',
  review: 'Review',
  checkpoint: 'Checkpoint',
  question: 'Question',
  stuck: 'Stuck',
  delivered: 'Delivered',
  ended: 'Ended',
  expiring: 'Reminder',
  budget: 'Budget',
  digest: 'Digest',
  test: 'Test',
};

/** @param open Ids of the gates that still wait. */
export function outboxPage(context: PageContext, entries: readonly OutboxEntry[], open: ReadonlySet<string>): Markup {
  const sorted = [...entries].sort((a, b) => (a.notice.at < b.notice.at ? 1 : a.notice.at > b.notice.at ? -1 : 0));
  const body = markup`<div class="head"><h1>Messages</h1><p class="quiet">${count(sorted.length, 'message')}</p></div>
${
  sorted.length === 0
    ? markup`<p class="empty">No notifications have been sent yet.</p>`
    : markup`<ul class="messages">${sorted.map(
        ({ notice, subject, text, deliveries }) =>
          markup`<li><h2>${subject}</h2><p class="quiet"><span class="chip">${kinds[notice.kind]}</span> ${stateOf(notice, open)}${moment(notice.at, context.now)}, to ${among(notice.to, 'and') || 'everybody'}</p>
${httpUrl(notice.link) !== undefined && markup`<p>${link(notice.link ?? '')}</p>`}
${deliveries.length > 0 && markup`<ul class="small">${deliveries.map((each) => markup`<li>${deliveryWords(each, context.now)}</li>`)}</ul>`}
${text !== '' && fold('Text', markup`<pre class="wrap" tabindex="0" role="region" aria-label="Text of the message">${text}</pre>`)}</li>`,
      )}</ul>`
}`;
  return page(context, { title: 'Messages', at: '/outbox', body });
}

const stateOf = ({ gate }: OutboxEntry['notice'], open: ReadonlySet<string>): Markup | false =>
  gate !== undefined &&
  (open.has(gate.gateId) ? markup`<span class="chip wait">waits</span> ` : markup`<span class="chip">decided</span> `);

function deliveryWords({ channel, to, state, dueAt, sentAt, attempts, error }: Delivery, now: number): Markup {
  const where = to === 'all' ? channel : `${channel} to ${to}`;
  const why = error && markup`: ${error.name}: ${error.message} ${error.remedy}`;
  switch (state) {
    case 'sent':
      return markup`${where}: sent ${moment(sentAt ?? dueAt, now)}`;
    case 'sending':
      return markup`${where}: is sent`;
    case 'obsolete':
      return markup`${where}: not sent, because it was decided before`;
    case 'failed':
      return markup`${where}: failed after ${count(attempts, 'attempt')}${why}`;
    default:
      return markup`${where}: waits, ${moment(dueAt, now)}${why}`;
  }
}
