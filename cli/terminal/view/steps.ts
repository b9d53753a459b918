import { formatUsd } from '../../../core/money/format.ts';
import { duration } from '../../../core/text/words.ts';
import type { RunDetail } from '../../../pipeline/view/run-detail.ts';
import type { StepView } from '../../../pipeline/view/steps.ts';
import { type Output, plain } from '../output.ts';
import { hanging, padded, widthOf } from '../text.ts';

type Shown = Exclude<StepView['is'], 'ahead' | 'left-out'>;

const marks: Record<Shown, [mark: string, style: Parameters<Output['style']>[0]]> = {
  done: ['✓', 'green'],
  now: ['⠹', 'cyan'],
  waits: ['◆', 'yellow'],
  ended: ['✗', 'red'],
};
/** Mark of a step that a person decided. */
const decided = '◆';

/** The way of a run to a ready pull request: what is done and how long it took, what happens, and what follows. */
export function stepLines(detail: RunDetail, output: Output): string[] {
  const steps = detail.steps.filter(({ is }) => is !== 'left-out');
  const reached = steps.filter((step): step is StepView & { is: Shown } => step.is !== 'ahead');
  const ahead = steps.filter(({ is }) => is === 'ahead').map(({ name }) => name.toLowerCase());
  const width = Math.max(...reached.map(({ name }) => widthOf(name)));
  return [
    ...reached.map((step) => {
      const [mark, style] = marks[step.is];
      const shown = step.is === 'done' && step.by.length > 0 ? decided : mark;
      return `  ${output.style(style, shown)} ${padded(step.name.toLowerCase(), width)}  ${notes(step, detail)}`.trimEnd();
    }),
    ...(ahead.length === 0
      ? []
      : hanging('    ', ahead.join(' · '), output.columns()).map((line) => output.style('dim', line))),
  ];
}

function notes(step: StepView, { estimate, capMicros, plan }: RunDetail): string {
  const { name, is, ms, rounds, by, waitedMs, openMs = waitedMs } = step;
  const money = [
    ...(estimate ? [`${formatUsd(estimate.micros.expected)} expected`] : []),
    `at most ${formatUsd(capMicros)}`,
  ];
  return [
    ...(name === 'Checked' && is === 'done' ? money : []),
    ...(ms > 0 ? [duration(ms)] : []),
    ...(rounds > 1 || (rounds > 0 && is === 'now') ? [`round ${rounds}`] : []),
    ...(name === 'Plan' && is === 'done' && plan ? [phasesOf(plan.phases.length)] : []),
    ...(by.length > 0 ? [plain(by.join(', '))] : []),
    ...(is === 'waits' ? ['waits for a person'] : []),
    ...(openMs >= 1_000 ? [`${is === 'waits' ? 'for' : 'after'} ${duration(openMs)}`] : []),
  ].join(' · ');
}

const phasesOf = (n: number): string => `${n} ${n === 1 ? 'phase' : 'phases'}`;
