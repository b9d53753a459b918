import { formatUsd } from '../../../core/money/format.ts';
import { count } from '../../../core/text/words.ts';
import type { GateView, RunView } from '../../../pipeline/service/service.ts';
import type { ChangeView } from '../../../pipeline/view/change.ts';
import type { RunDetail } from '../../../pipeline/view/run-detail.ts';
import { sizes } from '../../../pipeline/view/sizes.ts';
import { testWords } from '../../../pipeline/view/tests.ts';
import type { StateWords } from '../../../pipeline/view/words.ts';
import { type Output, plain } from '../output.ts';
import { nextCommand, partLine, refusedLines } from '../summary.ts';
import { fittedPath, hanging, padded, widthOf } from '../text.ts';
import { askedLines, decidesLines, gateSection } from './decision.ts';
import { stepLines } from './steps.ts';

/** What a terminal shows of a run; the same view as its page. */
export interface RunParts {
  run: RunView;
  detail: RunDetail;
  /** The decision that the run waits for. */
  gate: GateView | undefined;
  /** Null before the agent changed anything. */
  change: ChangeView | null;
  /** Address of the run's page, if the pages are served. */
  page: string | undefined;
}

const tones: Record<StateWords['tone'], Parameters<Output['style']>[0]> = {
  wait: 'yellow',
  run: 'cyan',
  quiet: 'dim',
  good: 'green',
  gone: 'dim',
  bad: 'red',
};
export const inTone = ({ words }: { words: StateWords }, output: Output): string =>
  output.style([tones[words.tone], 'bold'].flat() as Parameters<Output['style']>[0], words.text);

/**
 * A run with what a person needs to decide about it, from its title to the next command.
 * @param below The lines come below a summary, which has the error, the decision and the next command.
 */
export function runLines(parts: RunParts, output: Output, below = false): string[] {
  const { run, detail, gate, change } = parts;
  return [
    ...headLines(detail, output),
    ...(below ? [] : errorLines(run, output)),
    '',
    ...stepLines(detail, output),
    '',
    ...askedLines(detail, output),
    ...(!gate ? planLines(detail, output) : below ? [] : ['', ...gateSection(gate, output)]),
    ...(change ? ['', ...changeLines(change, output)] : []),
    ...(below ? [] : (run.parts ?? []).map((part) => partLine(part, output))),
    '',
    ...facts([...factLines(parts, output), ...(below ? [] : recordLines(parts))], output),
    ...(below ? [] : refusals(run, output)),
  ];
}

/** Where a run stands, without the texts of the task, the plan and the decision. */
export function statusLines(parts: RunParts, output: Output): string[] {
  const { run, detail } = parts;
  return [
    ...headLines(detail, output),
    ...errorLines(run, output),
    '',
    ...stepLines(detail, output),
    '',
    ...(detail.gate
      ? hanging(
          `${output.style('yellow', '◆')} `,
          plain(`${detail.gate.title}: ${detail.gate.stake}`),
          output.columns(),
        )
      : []),
    ...(run.parts ?? []).map((part) => partLine(part, output)),
    ...facts([...factLines(parts, output), ...recordLines(parts)], output),
    ...refusals(run, output),
  ];
}

const refusals = ({ refusals, taskId }: RunView, output: Output): string[] =>
  refusedLines(refusals, `drydock egress ${taskId}`).flatMap((line) => hanging('', line, output.columns()));

const facts = (lines: readonly [string, string][], output: Output): string[] =>
  lines.flatMap(([name, text]) => hanging(`${output.style('dim', padded(name, factWidth))}  `, text, output.columns()));

const factWidth = 8;

function headLines(detail: RunDetail, output: Output): string[] {
  const { taskId, title, repository, targetBranch, requester, team, agent, model, attempt, attempts } = detail;
  const where = `${repository} → ${targetBranch}`;
  const columns = output.columns();
  const head = hanging(`${output.style('bold', taskId)}  `, output.style('bold', plain(title)), columns);
  const room = columns - widthOf(head[0] ?? '') - widthOf(where);
  const besides = head.length === 1 && room >= 2 && room !== Number.POSITIVE_INFINITY;
  const said = [
    `asked by ${plain(requester)}`,
    `team ${plain(team)}`,
    `agent ${plain([agent, ...(model === null ? [] : [model])].join(' · '))}`,
    ...(attempts.length > 1 ? [`attempt ${attempt} of ${attempts.length}`] : []),
  ].join(', ');
  return [
    ...(besides
      ? [`${head[0]}${' '.repeat(room)}${output.style('dim', where)}`]
      : [...head, output.style('dim', where)]),
    ...hanging(`${inTone(detail, output)}  `, said, columns),
  ];
}

const errorLines = ({ error }: RunView, output: Output): string[] =>
  error === null
    ? []
    : [
        ...hanging(`${output.style(['red', 'bold'], error.name)}: `, plain(error.message), output.columns()),
        ...(error.remedy === ''
          ? []
          : hanging(`${output.style('cyan', 'remedy')}: `, plain(error.remedy), output.columns())),
      ];

/** The plan in short; where people decide on it, the decision shows all of it. */
function planLines({ plan }: RunDetail, output: Output): string[] {
  if (!plan) return [];
  const columns = output.columns();
  return [
    '',
    ...hanging(`${output.style('bold', 'Plan')}  `, plain(plan.summary), columns),
    ...plan.phases.flatMap(({ name, files, checkpoint }, i) =>
      hanging(
        `  ${i + 1}  `,
        `${plain(name)}${checkpoint ? output.style('yellow', ' (checkpoint)') : ''}${files.length === 0 ? '' : `  ${output.style('dim', plain(files.join(', ')))}`}`,
        columns,
      ),
    ),
  ];
}

/** Files of a change in a list; `drydock diff` has all. */
const maxFiles = 40;
const ops = { added: 'new', changed: '', deleted: 'deleted' } as const;

/** The sizes of a change, and of each file with the phase of the plan that names it. */
function changeLines(change: ChangeView, output: Output): string[] {
  const { added, removed, unplanned } = sizes(change);
  const { files, truncated } = change;
  const plus = (n: number): string => output.style('green', `+${n}`);
  const minus = (n: number): string => output.style('red', `−${n}`);
  const shown = files.slice(0, maxFiles);
  const numbers = shown.map((file) => `${plus(file.added)} ${minus(file.removed)}`);
  const numberWidth = Math.max(0, ...numbers.map(widthOf));
  const notesOf = (file: ChangeView['files'][number]): string =>
    [
      ...(ops[file.op] === '' ? [] : [ops[file.op]]),
      ...(file.generated ? ['generated'] : []),
      file.phase === null ? output.style('yellow', 'not planned') : plain(file.phase),
    ].join(', ');
  const pathWidth = Math.min(
    Math.max(0, ...shown.map(({ path }) => widthOf(plain(path)))),
    Math.max(minPath, output.columns() - numberWidth - notesWidth),
  );
  return [
    `${output.style('bold', 'Change')}  ${count(files.length, 'file')} ${plus(added)} ${minus(removed)}, ${unplanned === 0 ? 'all planned' : output.style('yellow', `${unplanned} not planned`)}${truncated ? ', cut because it is too long' : ''}`,
    ...shown.map(
      (file, i) =>
        `  ${padded(fittedPath(plain(file.path), pathWidth), pathWidth)}  ${padded(numbers[i] ?? '', numberWidth)}  ${notesOf(file)}`,
    ),
    ...(files.length > maxFiles ? [`  and ${files.length - maxFiles} more: drydock diff`] : []),
  ];
}

const minPath = 20;
/** Columns for what stands behind a path. */
const notesWidth = 24;

function factLines({ detail, gate, page }: RunParts, output: Output): [string, string][] {
  const tests = testWords(detail.tests);
  const { estimate } = detail;
  const testText = `${tests.value}${tests.more === '' ? '' : `, ${tests.more}`}`;
  return [
    ...(detail.tests ? ([['tests', output.style(tests.good ? 'green' : 'red', testText)]] as [string, string][]) : []),
    [
      'cost',
      `${formatUsd(detail.spentMicros)} of ${formatUsd(detail.capMicros)}${estimate ? `, estimate ${formatUsd(estimate.micros.expected)}` : ''}`,
    ],
    ...(gate ? decidesLines(detail, gate) : []),
    ...(page === undefined ? [] : ([['page', page]] as [string, string][])),
  ];
}

/** Where the change is, and what to type next. */
function recordLines({ run, change }: RunParts): [string, string][] {
  const { branch, commit, pullRequest } = run;
  const published: [string, string][] =
    commit === null
      ? []
      : [
          ['branch', branch],
          ['commit', commit],
        ];
  return [
    ...published,
    ...(pullRequest
      ? ([['pull', `${pullRequest.url}${pullRequest.draft ? ' (draft)' : ''}`]] as [string, string][])
      : []),
    ...nextLines(run, change),
  ];
}

function nextLines(run: RunView, change: ChangeView | null): [string, string][] {
  const next = nextCommand(run);
  const look = change && run.status === 'waiting' ? [`drydock diff ${run.taskId}`] : [];
  return [...look, ...(next === '' ? [] : [next])].map((command, i) => [i === 0 ? 'next' : '', command]);
}
