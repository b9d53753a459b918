import { raw } from 'hono/html';
import { formatUsd, microsOf } from '../../core/money/format.ts';
import type { PhaseEvent } from '../../core/run/phase.ts';
import { isFinal, type RunStatus } from '../../core/run/status.ts';
import { visible } from '../../core/text/hidden.ts';
import type { RunView, WatchItem } from '../../pipeline/service/service.ts';
import type { Markup } from './markup.ts';

/** Poll interval of a page without a stream. */
const pollSeconds = 5;

/** A message to the script of the page. The server makes hidden characters visible; the script inserts plain text. */
type FollowMessage =
  | { kind: 'event'; key: string; at: string; type: string; text: string }
  | { kind: 'phase'; type: string; text: string }
  | { kind: 'run'; status: RunStatus; state: string; cost: string; ended: boolean };

export function followMessage(item: WatchItem): FollowMessage {
  switch (item.kind) {
    case 'event': {
      const { key, at, type, text } = item.event;
      return { kind: 'event', key: visible(key), at, type: visible(type), text: visible(text) };
    }
    case 'phase':
      return { kind: 'phase', type: item.event.type, text: visible(activityText(item.event)) };
    case 'run': {
      const { status, state, cost } = item.run;
      return { kind: 'run', status, state, cost: formatUsd(microsOf(cost.usd)), ended: isFinal(status) };
    }
  }
}

/** All messages of a run so far, for a polling page. The events of a phase are included after its end. */
export const followMessages = (run: RunView): FollowMessage[] => [
  ...run.events.map((event) => followMessage({ kind: 'event', event })),
  followMessage({ kind: 'run', run }),
];

/** An event of a phase as text. */
export function activityText(event: PhaseEvent): string {
  switch (event.type) {
    case 'step':
      return `${event.name} ${event.status}${event.ms === undefined ? '' : ` after ${(event.ms / 1000).toFixed(1)} s`}`;
    case 'log':
      return `${event.source}: ${event.text}`;
    case 'message':
      return event.text;
    case 'thought':
      return `thinks: ${event.text}`;
    case 'tool':
      return `${event.title} (${event.status})${event.output === undefined ? '' : `\n${event.output}`}`;
    case 'cost':
      return `${formatUsd(event.usdMicros)} so far in this phase`;
    case 'plan':
      return event.entries.map((entry) => `${entry.status}: ${entry.content}`).join('\n');
  }
}

/**
 * Follows the run: adds events to the timeline, and reloads the page when the status changes. The page is complete
 * without this script.
 * @param live Whether the server streams events; otherwise the script polls while the page is visible.
 */
export const followScript = (run: { status: RunStatus }, live: boolean): Markup =>
  raw(`(() => {
  const shown = ${JSON.stringify(run.status)};
  const timeline = document.getElementById('timeline');
  const live = document.getElementById('live');
  const keys = new Set([...timeline.children].map((li) => li.dataset.key));
  const piece = (tag, css, text) => Object.assign(document.createElement(tag), { className: css, textContent: text });
  const row = (parts) => {
    const li = document.createElement('li');
    for (const part of parts) li.append(part, ' ');
    return li;
  };
  const take = (item) => {
    if (item.kind === 'run') {
      if (item.status !== shown) { location.reload(); return; }
      document.querySelector('#status .quiet').textContent = item.state;
    } else if (item.kind === 'event' && !keys.has(item.key)) {
      keys.add(item.key);
      timeline.append(row([piece('time', '', item.at.slice(11, 19)), piece('span', 'kind', item.type), piece('span', 'text', item.text)]));
    } else if (item.kind === 'phase') {
      live.hidden = false;
      const list = live.querySelector('ol');
      list.append(row([piece('span', 'kind', item.type), piece('span', 'text', item.text)]));
      while (list.children.length > 200) list.firstChild.remove();
      list.scrollTop = list.scrollHeight;
    }
  };
${live ? listen : poll}})();`);

const listen = `  const source = new EventSource(location.pathname + '/follow');
  source.onmessage = ({ data }) => take(JSON.parse(data));
`;
/** After the end of a session the reload leads to the sign-in page. */
const poll = `  setInterval(async () => {
    if (document.hidden) return;
    const answer = await fetch(location.pathname + '/follow').catch(() => undefined);
    if (answer?.status === 401) location.reload();
    else if (answer?.ok) for (const item of await answer.json()) take(item);
  }, ${pollSeconds * 1_000});
`;
