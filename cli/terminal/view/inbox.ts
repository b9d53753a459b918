import { formatUsd } from '../../../core/money/format.ts';
import { among, count, duration } from '../../../core/text/words.ts';
import type { RunItem } from '../../../pipeline/view/run-item.ts';
import { gateWords } from '../../../pipeline/view/words.ts';
import { type Output, plain } from '../output.ts';
import { fitted, hanging } from '../text.ts';

interface Inbox {
  person: string | undefined;
  decisions: readonly RunItem[];
  /** Decisions that wait for other people. */
  others: number;
  /** More decisions wait than were read. */
  more: boolean;
  all: boolean;
}

/** The decisions that wait, each with what is at stake, who may decide, how long it waits, and the command that shows it. */
export function inboxLines(
  { person, decisions, others, more, all }: Inbox,
  output: Output,
  now = Date.now(),
): string[] {
  const oldest = decisions.map(({ gate }) => gate?.openedAt ?? '').sort()[0];
  const who = all ? '' : ' for you';
  const head =
    decisions.length === 0
      ? `Nothing waits${person === undefined || all ? '' : ` for ${plain(person)}`}.`
      : `${count(decisions.length, 'decision')} ${decisions.length === 1 ? 'waits' : 'wait'}${who}, the oldest for ${duration(now - Date.parse(oldest ?? ''))}.`;
  return [
    ...hanging(
      '',
      `${output.style('bold', head)}${!all && others > 0 ? ` ${others} more for others: drydock inbox --all` : ''}`,
      output.columns(),
    ),
    ...decisions.flatMap((item) => itemLines(item, person, output, now)),
    ...(more ? ['', 'More decisions wait than are listed here: drydock status'] : []),
  ];
}

function itemLines(item: RunItem, person: string | undefined, output: Output, now: number): string[] {
  const { gate, taskId, title, repository, spentMicros, capMicros } = item;
  if (!gate) return [];
  const columns = output.columns();
  const kind = gate.stuck ? 'Stuck' : gateWords[gate.kind];
  const left = Date.parse(gate.expiresAt) - now;
  const mine = person !== undefined && gate.may.includes(person);
  const names = mine ? ['you', ...gate.may.filter((each) => each !== person)] : gate.may;
  const facts = [
    plain(among(names, 'or') || 'nobody who may'),
    ...(gate.required > 1 ? [`${gate.approvals.length} of ${gate.required} approvals`] : []),
    `waits ${duration(now - Date.parse(gate.openedAt))}`,
    left > 0 ? `expires in ${duration(left)}` : 'expired',
    `${formatUsd(spentMicros)} of ${formatUsd(capMicros)}`,
  ].join(' · ');
  const mark = output.style(gate.alert || gate.stuck ? ['red', 'bold'] : ['yellow', 'bold'], kind);
  return [
    '',
    `${mark}  ${output.style('bold', taskId)}  ${fitted(plain(title), columns - kind.length - taskId.length - 4)}`,
    ...hanging('  ', plain(gate.stake), columns),
    ...hanging('  ', `${plain(repository)} · ${facts}`, columns).map((line) => output.style('dim', line)),
    `  drydock show ${taskId}`,
  ];
}
