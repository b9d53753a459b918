import { formatUsd, microsOf } from '../../core/money/format.ts';
import type { WatchItem } from '../../pipeline/service/service.ts';
import { colourOf, firstLine, phaseLine, seconds, stepOfRun } from './event-line.ts';
import { createLive, frameMs, margin, spinner } from './live.ts';
import { type Output, terminalColumns } from './output.ts';
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
