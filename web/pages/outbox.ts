import type { SentNotification } from '../../core/ports/runtime/notifier.ts';
import { count, moment } from '../html/format.ts';
import { fold, page } from '../html/layout.ts';
import { link, type Markup, markup } from '../html/markup.ts';
import type { PageContext } from '../options.ts';

/** Sent notifications, newest first. */
export function outboxPage(context: PageContext, messages: readonly SentNotification[]): Markup {
  const sorted = [...messages].sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
  const body = markup`<div class="head"><h1>Outbox</h1><p class="quiet">${count(sorted.length, 'notification')}</p></div>
${
  sorted.length === 0
    ? markup`<p class="empty">No notifications have been sent yet.</p>`
    : markup`<ul class="messages">${sorted.map(
        (
          message,
        ) => markup`<li><h2>${message.subject}</h2><p class="quiet">${moment(message.at, context.now)}, to ${message.to.join(', ') || 'nobody'}</p>
${message.link !== undefined && markup`<p>${link(message.link)}</p>`}
${message.text !== '' && fold('Text', markup`<pre class="wrap">${message.text}</pre>`)}</li>`,
      )}</ul>`
}`;

  return page(context, { title: 'Outbox', at: '/outbox', body });
}
