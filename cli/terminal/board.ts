import { formatUsd, microsOf } from '../../core/money/format.ts';
import type { RunView, WatchItem } from '../../pipeline/service/service.ts';
import { colourOf, firstLine, phaseLine, seconds, stepOfRun } from './event-line.ts';
import { createLive, frameMs, spinner } from './live.ts';
import type { Output } from './output.ts';
import { hanging } from './text.ts';

type Run = Omit<RunView, 'events'>;

/** What a watcher of all live runs shows. */
export interface Board {
  /** The live runs, as they are now. */
  runs(runs: readonly Run[]): void;
  show(run: Pick<Run, 'runId' | 'taskId'>, item: WatchItem): void;
  /** Says something on standard error, above the lines of the runs. */
  note(text: string): void;
  end(): void;
}

interface Row {
  run: Run;
  since: number;
  detail: string;
  micros: number;
  /** Its events are news: it was not there at the first look, or its earlier events have passed. */
  news: boolean;
}

/**
 * A line for each live run on a terminal, with what happens above them; elsewhere a line for each event, and with
 * `--json` a document for each.
 * @param once Only the live runs are printed.
 */
export function createBoard(output: Output, once: boolean, stream: NodeJS.WriteStream = process.stdout): Board {
  const rows = new Map<string, Row>();
  const isLive = !once && !output.json && output.columns() !== Number.POSITIVE_INFINITY;
  const live = createLive(stream);
  let first = true;
  let before = '';
  let tick = 0;

  const draw = (): void => {
    if (!isLive) return;
    tick++;
    const lines = [...rows.values()].map((row) => rowLine(row, output, tick));
    live.draw(lines.length === 0 ? [output.style('dim', noRuns)] : lines);
  };
  const print = (label: string, text: string): void => {
    live.clear();
    for (const line of hanging(label, text, output.columns())) output.out(line);
    draw();
  };
  const timer = isLive ? setInterval(draw, frameMs) : undefined;

  return {
    runs(runs) {
      for (const runId of rows.keys()) if (!runs.some((run) => run.runId === runId)) rows.delete(runId);
      for (const run of runs) {
        const micros = microsOf(run.cost.usd);
        const row = rows.get(run.runId);
        if (row) Object.assign(row, { run, micros });
        else rows.set(run.runId, { run, micros, since: Date.now(), detail: '', news: !first });
      }
      first = false;
      const now = JSON.stringify(runs.map(({ runId, status, state, gate }) => [runId, status, state, gate]));
      if (output.json && now !== before) output.out(JSON.stringify({ runs }));
      if (once && !output.json)
        for (const line of runs.length === 0 ? [noRuns] : [...rows.values()].map((row) => rowLine(row, output)))
          output.out(line);
      before = now;
      draw();
    },
    show({ runId, taskId }, item) {
      const row = rows.get(runId);
      // A watcher is told the events so far before it is told the run.
      if (!row || (item.kind === 'event' && !row.news)) return;
      if (item.kind === 'run') {
        if (item.run.state !== row.run.state) Object.assign(row, { since: Date.now(), detail: '' });
        Object.assign(row, { run: item.run, micros: microsOf(item.run.cost.usd), news: true });
      }
      if (output.json) output.out(JSON.stringify({ runId, taskId, item }));
      else if (item.kind === 'event') {
        const { at, type, text } = item.event;
        print(
          `${output.style('dim', at.slice(11, 19))} ${output.style('bold', taskId)} ${output.style(colourOf(type), type)}  `,
          firstLine(text),
        );
      } else if (item.kind === 'phase') {
        if (item.event.type === 'cost') row.micros = microsOf(row.run.cost.usd) + item.event.usdMicros;
        else row.detail = phaseLine(item.event) || row.detail;
      }
    },
    note(text) {
      live.clear();
      output.err(text);
      draw();
    },
    end() {
      clearInterval(timer);
      live.clear();
    },
  };
}

const noRuns = 'No run is live.';

function rowLine({ run, since, detail, micros }: Row, output: Output, tick?: number): string {
  const task = output.style('bold', run.taskId);
  const cost = output.style('dim', formatUsd(micros));
  if (run.status === 'waiting')
    return `${output.style('yellow', '◆')} ${task}  waits for a person  ${cost}  drydock show ${run.taskId}`;
  if (run.status === 'queued') return `${output.style('dim', '·')} ${task}  waits for a free slot  ${cost}`;
  const mark = output.style('cyan', tick === undefined ? spinner(2) : spinner(tick));
  const time = tick === undefined ? '' : `, ${seconds(Date.now() - since)}`;
  return `${mark} ${task}  ${stepOfRun(run)}${time}  ${cost}  ${detail}`.trimEnd();
}
