import { createInterface } from 'node:readline/promises';
import { DrydockError, viewError } from '../../core/errors.ts';
import type { VoteChoice } from '../../core/run/gate.ts';
import type { GateView } from '../../pipeline/service/service.ts';
import type { Session } from '../local/session.ts';
import { type Output, plain, printError } from './output.ts';

/** Asks at a terminal. An empty line leaves the gate open: the run then waits. */
export async function askAtGate(session: Session, gate: GateView, output: Output, as: string): Promise<void> {
  output.err('');
  output.err(output.style('bold', plain(gate.title)));
  for (const line of gate.text.split('\n')) output.err(`  ${plain(line)}`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    for (;;) {
      const choices =
        gate.kind === 'question'
          ? 'answer TEXT · reject REASON'
          : gate.kind === 'checkpoint'
            ? 'approve · reject REASON'
            : 'approve · revise TEXT · reject REASON';
      const line = (await terminal.question(`${choices} (as ${plain(as)})> `)).trim();
      if (line === '') continue;
      const [word = '', ...rest] = line.split(' ');
      const text = rest.join(' ').trim();
      const choice = (['approve', 'revise', 'reject', 'answer'] as VoteChoice[]).find((c) =>
        c.startsWith(word.toLowerCase()),
      );
      try {
        if (!choice) throw new DrydockError('AnswerInvalid', `${word} is none of: ${choices}`);
        const after = await session.service.vote({ gate: gate.gateId, who: as, choice, text, head: gate.head });
        if (after.status === 'decided') return;
        output.err(`Counted: ${after.approvals.length} of ${after.required} approvals.`);
        return;
      } catch (error) {
        if (!(error instanceof DrydockError)) throw error;
        printError({ ...output, json: false }, viewError(error));
        if (error.name === 'VoteRefused')
          output.err('Somebody else has to: drydock approve GATE --as WHO. Press Ctrl-C to leave it waiting.');
      }
    }
  } finally {
    terminal.close();
  }
}
