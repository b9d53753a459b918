import { splitHints } from '../../../core/review/gate-hints.ts';
import { optionsOf } from '../../../core/review/option.ts';
import { among, duration } from '../../../core/text/words.ts';
import type { GateView } from '../../../pipeline/service/service.ts';
import type { RunDetail } from '../../../pipeline/view/run-detail.ts';
import { type Output, plain } from '../output.ts';
import { hanging } from '../text.ts';

/** What was asked, and how each condition is held. */
export function askedLines(detail: RunDetail, output: Output): string[] {
  const columns = output.columns();
  const held = { guard: 'green', test: 'green', told: 'yellow' } as const;
  const criterion = (run: string | null, passed: boolean | null): string => {
    if (run === null) return output.style('yellow', 'told  ');
    if (passed === null) return 'runs  ';
    return passed ? output.style('green', 'passed') : output.style('red', 'failed');
  };
  return [
    output.style('bold', 'Asked'),
    ...hanging('  ', plain(detail.instructions.trimEnd()), columns),
    ...detail.constraints.flatMap(({ text, by }) =>
      hanging(`  ${output.style(held[by], by.padEnd(6))}  `, plain(text), columns),
    ),
    ...detail.criteria.flatMap(({ says, run, passed }) =>
      hanging(`  ${criterion(run, passed)}  `, plain(says), columns),
    ),
    ...detail.added.constraints.flatMap((text) => hanging('  added   ', plain(text), columns)),
    ...detail.added.answers.flatMap(({ by, question, text }) =>
      hanging('  answer  ', `${plain(question)} — ${plain(by)}: ${plain(text)}`, columns),
    ),
    ...detail.added.remarks.flatMap(({ by, text }) => hanging('  said    ', `${plain(by)}: ${plain(text)}`, columns)),
  ];
}

/** What a gate asks: hints about texts from outside, its title and text, and the options by number. */
export function gateSection(gate: GateView, output: Output): string[] {
  const columns = output.columns();
  const { hints, rest } = splitHints(gate.text);
  return [
    ...(hints === ''
      ? []
      : hanging(`${output.style(['red', 'bold'], '!')} `, output.style('red', plain(hints)), columns)),
    ...hanging('', output.style('bold', plain(gate.title)), columns),
    ...(rest.trim() === '' ? [] : hanging('  ', plain(rest.trimEnd()), columns)),
    ...optionsOf(gate).flatMap((option, i) => {
      const suggested = option.label === gate.question?.suggested ? output.style('green', ' (suggested)') : '';
      return [
        ...hanging(`  ${i + 1}  `, `${plain(option.label)}${suggested}`, columns),
        output.style(
          'dim',
          `     drydock answer ${gate.taskId} --option ${i + 1}${option.text === 'required' ? ' TEXT' : ''}`,
        ),
      ];
    }),
  ];
}

/** Who decides, why so many, and until when. */
export function decidesLines(detail: RunDetail, gate: GateView, now = Date.now()): [string, string][] {
  const facts = detail.gates.find(({ gateId }) => gateId === gate.gateId);
  const may = facts?.may ?? [];
  const critical = facts?.critical ?? [];
  const votes =
    gate.required < 2
      ? ''
      : ` (${gate.approvals.length} of ${gate.required} approvals${gate.approvals.length > 0 ? `: ${gate.approvals.join(', ')}` : ''})`;
  const left = Date.parse(gate.expiresAt) - now;
  return [
    ['decides', plain(`${among(may, 'or') || 'nobody who may'}${votes}`)],
    ...critical.map(({ glob, reviewers, paths }): [string, string] => [
      'why',
      plain(`${glob} needs ${reviewers} approvals: ${among(paths, 'and')}`),
    ]),
    [
      'until',
      left > 0 ? `${gate.expiresAt.slice(0, 16).replace('T', ' ')} UTC, in ${duration(left)}` : 'it has expired',
    ],
  ];
}
