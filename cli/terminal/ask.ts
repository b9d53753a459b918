import { DrydockError, viewError } from '../../core/errors.ts';
import { optionsOf, voteForOption } from '../../core/review/option.ts';
import type { GateKind, VoteChoice } from '../../core/run/gate.ts';
import type { GateView } from '../../pipeline/service/service.ts';
import type { Session } from '../local/session.ts';
import { gateText } from './gate.ts';
import { type Output, plain, printError } from './output.ts';
import { processTerminal, readLine, type Terminal } from './prompt.ts';

/** After these errors the prompt ends, because somebody else closed the gate. */
const closed: readonly string[] = ['GateClosed', 'GateExpired'];

/**
 * Prompts at a terminal until a vote counts or the gate is closed. Resolves to false when the person leaves the prompt:
 * then the gate stays open, and the run waits.
 */
export async function askAtGate(
  session: { service: Pick<Session['service'], 'vote'> },
  gate: GateView,
  output: Output,
  as: string,
  terminal: Terminal = processTerminal,
): Promise<boolean> {
  for (const line of gateText(gate, output)) output.err(line);
  const options = optionsOf(gate);
  options.forEach(({ label }, i) => {
    const suggested = label === gate.question?.suggested ? output.style('dim', ' (suggested)') : '';
    output.err(`  ${i + 1}  ${plain(label)}${suggested}`);
  });
  const choices = `${options.length > 0 ? 'NUMBER [TEXT] · ' : ''}${choicesOf(gate)}`;
  for (;;) {
    const typed = await readLine(terminal, `${choices} (as ${plain(as)})> `);
    if (typed === undefined) {
      output.err('');
      return false;
    }
    const line = typed.trim();
    if (line === '') continue;
    try {
      const vote = voteOf(line, gate, choices);
      const after = await session.service.vote({ gate: gate.gateId, who: as, ...vote, head: gate.head });
      if (after.status !== 'decided') output.err(`Counted: ${after.approvals.length} of ${after.required} approvals.`);
      return true;
    } catch (error) {
      if (!(error instanceof DrydockError)) throw error;
      printError({ ...output, json: false }, viewError(error));
      if (closed.includes(error.name)) return true;
      if (error.name === 'VoteRefused')
        output.err('Another person has to vote: drydock approve GATE --as WHO. Press Ctrl-C to leave the run waiting.');
    }
  }
}

const usages: Record<GateKind, string> = {
  plan: 'approve · revise TEXT · reject REASON',
  review: 'approve · revise TEXT · reject REASON',
  checkpoint: 'approve · reject REASON',
  question: 'answer TEXT · reject REASON',
  slot: '',
  ci: '',
  parts: '',
};
const choicesOf = (gate: GateView): string =>
  gate.kind === 'question' && gate.acceptable ? `approve · ${usages.question}` : usages[gate.kind];

/** Parses a typed line: the number of an option, or a choice (its first letters are enough) and its text. */
function voteOf(line: string, gate: GateView, choices: string): { choice: VoteChoice; text: string } {
  const [word = '', ...rest] = line.split(' ');
  const text = rest.join(' ').trim();
  if (/^\d+$/.test(word)) {
    const option = optionsOf(gate)[Number(word) - 1];
    if (option) return voteForOption(option, text);
  }
  const choice = (['approve', 'revise', 'reject', 'answer'] as VoteChoice[]).find((c) =>
    c.startsWith(word.toLowerCase()),
  );
  if (!choice) throw new DrydockError('AnswerInvalid', `${word} is not one of: ${choices}`);
  return { choice, text };
}
