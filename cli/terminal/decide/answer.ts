import { setTimeout as delay } from 'node:timers/promises';
import { DrydockError, viewError } from '../../../core/errors.ts';
import { voteForOption } from '../../../core/review/option.ts';
import type { GateView } from '../../../pipeline/service/service.ts';
import type { Session } from '../../local/session.ts';
import { askAtGate } from '../ask.ts';
import { columnsOf, type Output, plain, printError } from '../output.ts';
import { page, pagerOf } from '../pager.ts';
import { processTerminal, type Terminal } from '../prompt.ts';
import { gateSection } from '../view/decision.ts';
import { diffLines } from '../view/diff.ts';
import { editPlan } from './edit-plan.ts';
import type { Draft } from './editor.ts';
import { type Act, choicesAt } from './menu.ts';
import { askText, choose, isLeft, type Left, movesCursor } from './select.ts';

/** After these errors the prompt ends, because somebody else closed the gate. */
const closed: readonly string[] = ['GateClosed', 'GateExpired'];
/** Milliseconds between two looks at whether somebody else has decided meanwhile. */
const lookMs = 3_000;

type Ballot = Omit<Parameters<Session['service']['vote']>[0], 'gate' | 'who' | 'head'>;
type Service = Pick<Session['service'], 'vote' | 'gate' | 'evidence' | 'diff'>;

/**
 * Asks a person at a terminal to decide, until a vote counts or the gate is closed. Resolves to false when the person
 * leaves: then the gate stays open, and the run waits.
 */
export async function answerGate(
  session: { service: Service },
  gate: GateView,
  output: Output,
  as: string,
  terminal: Terminal = processTerminal,
): Promise<boolean> {
  if (!movesCursor(terminal)) return askAtGate(session, gate, output, as, terminal);
  const columns = columnsOf(terminal.output as NodeJS.WriteStream);
  for (const line of gateSection(gate, { ...output, columns: () => columns })) output.err(line);
  output.err('');
  const elsewhere = new AbortController();
  const done = new AbortController();
  const draft: Asking['draft'] = {};
  void watchGate(session.service, gate, elsewhere, done.signal);
  try {
    return await decide({ session, gate, output, as, terminal, signal: elsewhere.signal, draft });
  } finally {
    done.abort();
    draft.current?.remove();
  }
}

/** Aborts when the gate is decided in another place. A gate that cannot be read now is looked at again. */
async function watchGate(service: Service, { gateId }: GateView, elsewhere: AbortController, done: AbortSignal) {
  while (!done.aborted) {
    await delay(lookMs, undefined, { signal: done, ref: false }).catch(() => undefined);
    if (done.aborted) return;
    const now = await service.gate(gateId).catch(() => undefined);
    if (now && now.status !== 'pending') elsewhere.abort();
  }
}

interface Asking {
  session: { service: Service };
  gate: GateView;
  output: Output;
  as: string;
  terminal: Terminal;
  /** Aborts when somebody else has decided. */
  signal: AbortSignal;
  /** The plan as the person edited it. */
  draft: { current?: Draft };
}

async function decide(asking: Asking): Promise<boolean> {
  const { session, gate, output, as, terminal, signal } = asking;
  const line = `(as ${plain(as === '' ? 'your role' : as)})>`;
  const asked = (message: string) => ({ message, line, signal, style: output.style });
  for (;;) {
    const act = await choose(terminal, asked(messages[gate.kind] ?? 'What follows?'), choicesAt(gate));
    const ballot = isLeft(act) ? act : await ballotFor(act, asking, asked);
    if (signal.aborted) {
      keepDraft(asking);
      output.err('The gate was decided in another place meanwhile.');
      return true;
    }
    if (ballot === 'away' || (ballot === 'back' && isLeft(act))) {
      keepDraft(asking);
      output.err(
        `The gate stays open. Decide later with: drydock show ${gate.taskId}, or type the same command again.`,
      );
      return false;
    }
    if (ballot === 'back') continue;
    try {
      const after = await session.service.vote({ gate: gate.gateId, who: as, ...ballot, head: gate.head });
      if (after.status !== 'decided') for (const text of countedLines(after)) output.err(text);
      return true;
    } catch (error) {
      if (!(error instanceof DrydockError)) throw error;
      printError({ ...output, json: false }, viewError(error));
      if (closed.includes(error.name)) return true;
      if (error.name === 'VoteRefused')
        output.err(
          `Somebody else has to decide: drydock approve ${gate.taskId} --as WHO. Leave it, and the run waits.`,
        );
    }
  }
}

/** An edited plan that was not approved stays in its file. */
function keepDraft({ gate, output, draft }: Asking): void {
  if (draft.current?.changed()) {
    output.err(`The edited plan is kept in ${draft.current.path}: drydock approve ${gate.taskId} --edit FILE`);
    delete draft.current;
  }
}

const messages: Partial<Record<GateView['kind'], string>> = {
  plan: 'Approve the plan?',
  review: 'Approve the change?',
  checkpoint: 'Go on after this checkpoint?',
  question: 'What is the answer?',
};

const countedLines = ({ approvals, required, approvers, taskId }: GateView): string[] => {
  const others = approvers.filter((who) => !approvals.includes(who)).join(' or ');
  return [
    `Counted: ${approvals.length} of ${required} approvals. It waits for ${plain(others) || 'another person'}: drydock approve ${taskId} --as WHO`,
  ];
};

/** The vote for a choice, with the text that it needs; or how the person left. */
async function ballotFor(
  act: Act,
  { session, gate, output, terminal, draft }: Asking,
  asked: (message: string) => Parameters<typeof choose>[1],
): Promise<Ballot | Left> {
  const text = (message: string): Promise<string | Left> => askText(terminal, asked(message));
  const voted = async (choice: Ballot['choice'], message: string): Promise<Ballot | Left> => {
    const words = await text(message);
    return isLeft(words) ? words : { choice, text: words };
  };
  switch (act.act) {
    case 'approve':
      return { choice: 'approve', text: '' };
    case 'constrain': {
      const constraint = await text('Which constraint is added?');
      return isLeft(constraint) ? constraint : { choice: 'approve', text: '', constraint };
    }
    case 'edit':
      return editPlan({ session, gate, output, terminal, asked, draft });
    case 'revise':
      return voted(
        'revise',
        gate.kind === 'plan' ? 'What should the next plan do differently?' : 'What has to change?',
      );
    case 'reject':
      return voted('reject', 'Why is it rejected? The run ends.');
    case 'answer':
      return voted('answer', 'What is the answer?');
    case 'option': {
      const words = act.option.text === 'required' ? await text(`${plain(act.option.label)}:`) : '';
      return isLeft(words) ? words : voteForOption(act.option, words);
    }
    case 'read':
      await readChange(session.service, gate, output);
      return 'back';
    case 'leave':
      return 'away';
  }
}

async function readChange(service: Service, gate: GateView, output: Output): Promise<void> {
  const diff = await service.diff(gate.runId);
  if (diff === null) return output.err('There is no change yet.');
  const lines = diffLines(diff.text.replace(/\n$/, ''), output);
  const pager = pagerOf();
  if (!pager || !(await page(pager, lines))) for (const line of lines) output.err(line);
}
