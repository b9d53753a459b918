import { formatUsd, microsOf } from '../../core/money/format.ts';
import { duration } from '../../core/text/words.ts';
import type { WatchItem } from '../../pipeline/service/service.ts';
import { stepAt } from '../../pipeline/view/steps.ts';
import { createLive, frameMs, margin, spinner } from './live.ts';
import { type Output, plain, terminalColumns } from './output.ts';
import { fitted, hanging, padded, widthOf } from './text.ts';

/** Progress of a run: on a terminal a live status line below the log lines; elsewhere only log lines. */
export interface Progress {
  show(item: WatchItem): void;
  /** Hides the live line, so that a prompt can take its position. */
  pause(): void;
  /** Shows the live line again. */
  resume(): void;
  end(): void;
}

/** Successful steps shorter than this are not shown. */
const minStepMs = 50;

export function createProgress(output: Output, stream: NodeJS.WriteStream = process.stderr): Progress {
  const started = Date.now();
  const live = createLive(stream);
  let run: Extract<WatchItem, { kind: 'run' }>['run'] | undefined;
  let since = started;
  let detail = '';
  let cost = '';
  let settled = 0;
  let tick = 0;
  let paused = false;

  const columns = (): number => (output.live ? terminalColumns(stream) : Number.POSITIVE_INFINITY);
  const draw = (): void => {
    if (!output.live || paused || run === undefined) return;
    const now = Date.now();
    const head = output.style('cyan', `${spinner(tick++)} ${stepOfRun(run)}, ${seconds(now - since)}`);
    const end = output.style('dim', `${cost}  ${seconds(now - started)}`);
    const room = Math.max(0, columns() - margin - widthOf(head) - widthOf(end) - 4);
    live.draw([`${head}  ${padded(fitted(detail, room), room)}  ${end}`]);
  };
  const lines = (label: string, text: string): void => {
    live.clear();
    for (const line of hanging(label, text, columns())) output.err(line);
    draw();
  };
  const timer = output.live ? setInterval(draw, frameMs) : undefined;
  timer?.unref();

  return {
    show(item) {
      if (item.kind === 'run') {
        if (item.run.state !== run?.state) {
          detail = '';
          since = Date.now();
        }
        run = item.run;
        settled = microsOf(item.run.cost.usd);
        cost = formatUsd(settled);
        draw();
      } else if (item.kind === 'event') {
        const { at, type, text } = item.event;
        if (output.live && type === 'phase-started') lines('', output.style('bold', `── ${firstLine(text)}`));
        lines(
          `${output.style('dim', at.slice(11, 19))} ${output.style(colourOf(type), type.padEnd(14))} `,
          firstLine(text),
        );
      } else if (item.event.type === 'cost') {
        cost = formatUsd(settled + item.event.usdMicros);
        draw();
      } else {
        const text = phaseLine(item.event);
        if (text === '') return;
        detail = text;
        if (item.event.type === 'log') draw();
        else lines(`         ${output.style('dim', '·')} `, text);
      }
    },
    pause() {
      paused = true;
      live.clear();
    },
    resume() {
      paused = false;
      draw();
    },
    end() {
      clearInterval(timer);
      live.clear();
    },
  };
}

/** Where a run is, as `PlanGate, step 3 of 9`. */
function stepOfRun(run: Extract<WatchItem, { kind: 'run' }>['run']): string {
  const step = stepAt(run, run.state);
  return step ? `${run.state}, step ${step.n} of ${step.of}` : run.state;
}

const seconds = (ms: number): string => (ms < 1_000 ? '0 s' : duration(ms));

function phaseLine(event: Extract<WatchItem, { kind: 'phase' }>['event']): string {
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
    case 'cost':
      return '';
    case 'plan':
      return event.entries
        .map((entry) => `[${entry.status}] ${entry.content}`)
        .join(' · ')
        .slice(0, 200);
  }
}

const firstLine = (text: string): string =>
  plain(text)
    .split('\n')
    .find((part) => part.trim() !== '')
    ?.trim()
    .slice(0, 200) ?? '';

function colourOf(type: string): Parameters<Output['style']>[0] {
  if (type === 'delivered' || type === 'published' || type === 'admitted') return 'green';
  if (type === 'stopped' || type === 'target-moved') return 'yellow';
  if (type === 'gate-opened' || type === 'vote') return 'magenta';
  return 'blue';
}
