import { formatUsd, microsOf } from '../../core/money/format.ts';
import type { WatchItem } from '../../pipeline/service/service.ts';
import { type Output, plain } from './output.ts';

/** Progress of a run: on a terminal a live status line below the log lines; elsewhere only log lines. */
export interface Progress {
  show(item: WatchItem): void;
  /** Hides the live line, so that a prompt can take its position. */
  pause(): void;
  /** Shows the live line again. */
  resume(): void;
  end(): void;
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/** Frame interval of the spinner in the live line. */
const frameMs = 100;
/** Successful steps shorter than this are not shown. */
const minStepMs = 50;

export function createProgress(output: Output, stream: NodeJS.WriteStream = process.stderr): Progress {
  const started = Date.now();
  let state = '';
  let detail = '';
  let cost = '';
  let settled = 0;
  let frame = 0;
  let shown = false;
  let paused = false;

  const clear = (): void => {
    if (shown) stream.write('\r\u001b[K');
    shown = false;
  };
  const draw = (): void => {
    if (!output.live || paused || state === '') return;
    const seconds = `${((Date.now() - started) / 1000).toFixed(0)}s`.padStart(4);
    const head = `${frames[frame++ % frames.length]} ${state}`;
    const width = Math.max(20, (stream.columns ?? 80) - head.length - cost.length - seconds.length - 6);
    stream.write(
      `\r\u001b[K${output.style('cyan', head)}  ${detail.slice(0, width).padEnd(width)} ${output.style('dim', `${cost} ${seconds}`)}`,
    );
    shown = true;
  };
  const line = (text: string): void => {
    clear();
    output.err(text);
    draw();
  };
  const timer = output.live ? setInterval(draw, frameMs) : undefined;
  timer?.unref();

  return {
    show(item) {
      if (item.kind === 'run') {
        if (item.run.state !== state) detail = '';
        state = item.run.state;
        settled = microsOf(item.run.cost.usd);
        cost = formatUsd(settled);
        draw();
      } else if (item.kind === 'event') {
        const time = item.event.at.slice(11, 19);
        line(
          `${output.style('dim', time)} ${output.style(colourOf(item.event.type), item.event.type.padEnd(14))} ${firstLine(item.event.text)}`,
        );
      } else if (item.event.type === 'cost') {
        cost = formatUsd(settled + item.event.usdMicros);
        draw();
      } else {
        const text = phaseLine(item.event);
        if (text === '') return;
        detail = text;
        if (item.event.type === 'log') draw();
        else line(`         ${output.style('dim', '·')} ${text}`);
      }
    },
    pause() {
      paused = true;
      clear();
    },
    resume() {
      paused = false;
      draw();
    },
    end() {
      clearInterval(timer);
      clear();
    },
  };
}

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
