import { formatUsd, microsOf } from '../../core/money/format.ts';
import { isFinal, type RunStatus } from '../../core/run/status.ts';
import { visible } from '../../core/text/hidden.ts';
import type { RunView, WatchItem } from '../../pipeline/service/service.ts';
import { rowsOf } from './log-rows.ts';

/** A message to the script of the page. The server makes hidden characters visible; the script inserts plain text. */
type FollowMessage =
  | { kind: 'event'; key: string; at: string; type: string; text: string }
  | { kind: 'phase'; at: string; icon: string; text: string; took: string }
  | { kind: 'run'; status: RunStatus; state: string; cost: string; ended: boolean };

/** Undefined for what a page does not show while it happens. */
export function followMessage(item: WatchItem): FollowMessage | undefined {
  switch (item.kind) {
    case 'event': {
      const { key, at, type, text } = item.event;
      return { kind: 'event', key: visible(key), at, type: visible(type), text: visible(text) };
    }
    case 'phase': {
      const [row] = rowsOf([item.event]);
      return row && { kind: 'phase', at: row.at, icon: row.icon, text: visible(row.text), took: row.took };
    }
    case 'run': {
      const { status, state, cost } = item.run;
      return { kind: 'run', status, state, cost: formatUsd(microsOf(cost.usd)), ended: isFinal(status) };
    }
  }
}

/** All messages of a run so far, for whoever asks without a stream. The events of a phase are included after its end. */
export const followMessages = (run: RunView): FollowMessage[] =>
  [...run.events.map((event) => followMessage({ kind: 'event', event })), followMessage({ kind: 'run', run })].filter(
    (message) => message !== undefined,
  );
