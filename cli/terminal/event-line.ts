import { duration } from '../../core/text/words.ts';
import type { WatchItem } from '../../pipeline/service/service.ts';
import { stepAt } from '../../pipeline/view/steps.ts';
import { type Output, plain } from './output.ts';

type WatchedRun = Extract<WatchItem, { kind: 'run' }>['run'];

/** Where a run is, as `PlanGate, step 3 of 9`. */
export function stepOfRun(run: WatchedRun): string {
  const step = stepAt(run, run.state);
  return step ? `${run.state}, step ${step.n} of ${step.of}` : run.state;
}

export const seconds = (ms: number): string => (ms < 1_000 ? '0 s' : duration(ms));

/** Successful steps shorter than this are not shown. */
const minStepMs = 50;

/** What an event of a phase is in a line; empty for one that is not shown. */
export function phaseLine(event: Extract<WatchItem, { kind: 'phase' }>['event']): string {
  switch (event.type) {
    case 'step':
      return event.status === 'started' || (event.status === 'passed' && (event.ms ?? 0) < minStepMs)
        ? ''
        : `${event.name} ${event.status}${event.ms === undefined ? '' : ` in ${(event.ms / 1000).toFixed(1)} s`}`;
    case 'tool':
      return event.status === 'completed' || event.status === 'failed'
        ? `${firstLine(event.title)}${event.status === 'failed' ? ' (failed)' : ''}`
        : '';
    case 'message':
      return firstLine(event.text);
    case 'thought':
      return '';
    case 'log':
      return firstLine(event.text);
    case 'remark':
      return `${event.by} said: ${firstLine(event.text)}`;
    case 'cost':
      return '';
    case 'plan':
      return event.entries
        .map((entry) => `[${entry.status}] ${entry.content}`)
        .join(' · ')
        .slice(0, 200);
  }
}

export const firstLine = (text: string): string =>
  plain(text)
    .split('\n')
    .find((part) => part.trim() !== '')
    ?.trim()
    .slice(0, 200) ?? '';

export function colourOf(type: string): Parameters<Output['style']>[0] {
  if (type === 'delivered' || type === 'published' || type === 'admitted') return 'green';
  if (type === 'stopped' || type === 'target-moved') return 'yellow';
  if (type === 'gate-opened' || type === 'vote') return 'magenta';
  return 'blue';
}
