import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { defined } from '../../core/defined.ts';
import { DrydockError } from '../../core/errors.ts';
import { optionsOf, voteForOption } from '../../core/review/option.ts';
import type { VoteChoice } from '../../core/run/gate.ts';
import type { GateView } from '../../pipeline/service/service.ts';
import { action, type CommonOptions, personCommand, wholeNumber, withSession } from '../command.ts';
import { requesterName } from '../config/home.ts';
import { unreadable } from '../config/unreadable.ts';
import { stackOf } from '../remote/options.ts';
import type { ExitCode } from '../terminal/exit-code.ts';
import { type Output, plain, print } from '../terminal/output.ts';

interface ApproveOptions extends CommonOptions {
  edit?: string;
  constraint?: string;
}

export function register(program: Command): void {
  const gate = (name: string, description: string): Command => personCommand(program, name, description);

  action<[string], ApproveOptions>(
    gate('approve <gate>', 'approve a plan, a checkpoint or a change')
      .option('--edit <file>', 'approve this plan instead of the proposed one')
      .option('--constraint <text>', 'approve the plan and add a constraint')
      .addHelpText(
        'after',
        '\nExample:\n  drydock approve FIX-1 --as lead\n\nGATE is a gate id, a task id, or a run id or its first characters.',
      ),
    (output, options, id) =>
      vote(output, options, id, 'approve', '', {
        ...(options.edit === undefined ? {} : { edit: readPlan(options.edit) }),
        ...defined({ constraint: options.constraint }),
      }),
  );
  action<[string, string], CommonOptions>(
    gate('revise <gate> <text>', 'ask for another plan, or for rework of a change'),
    (output, options, id, text) => vote(output, options, id, 'revise', text),
  );
  action<[string, string], CommonOptions>(gate('reject <gate> <reason>', 'end the run'), (output, options, id, text) =>
    vote(output, options, id, 'reject', text),
  );
  action<[string, string | undefined], CommonOptions & { option?: number }>(
    gate('answer <gate> [text]', 'answer a question of the run').option(
      '--option <n>',
      'choose an option of the question by its number, as `drydock show` lists them; TEXT is added where it needs one',
      wholeNumber('--option', 1),
    ),
    (output, options, id, text) =>
      options.option === undefined
        ? vote(output, options, id, 'answer', text ?? '')
        : voteByNumber(output, options, id, options.option, text ?? ''),
  );
}

/** Votes as an option says. @throws AnswerInvalid if the question has no such option. */
async function voteByNumber(
  output: Output,
  options: CommonOptions,
  id: string,
  n: number,
  text: string,
): Promise<ExitCode> {
  const gate = await withSession(options, ({ service }) => service.gate(id));
  const given = optionsOf(gate);
  const option = given[n - 1];
  if (!option)
    throw new DrydockError('AnswerInvalid', `The gate has ${given.length} options, and ${n} is not one of them.`);
  const ballot = voteForOption(option, text);
  return vote(output, options, gate.gateId, ballot.choice, ballot.text);
}

async function vote(
  output: Output,
  options: CommonOptions,
  gate: string,
  choice: VoteChoice,
  text: string,
  more: { edit?: string; constraint?: string } = {},
): Promise<ExitCode> {
  if (choice !== 'approve' && text.trim() === '') throw new DrydockError('AnswerInvalid', 'The text is empty.');
  // Without a server process the command stores the decision and exits; the next `run` or `serve` delivers it.
  const view = await withSession(options, (session) =>
    session.service.vote({ gate, who: stackOf(options) ? '' : requesterName(options.as), choice, text, ...more }),
  );
  print(output, view, () => describe(view));
  return 0;
}

function describe(gate: GateView): string[] {
  const stands = gate.decision
    ? `${gate.decision.outcome} by ${gate.decision.by.join(', ')}`
    : `${gate.approvals.length} of ${gate.required} approvals`;
  return [
    `${plain(gate.title)}: ${stands}`,
    ...(gate.decision && !gate.delivered
      ? [
          'The decision is stored, but no server process runs. To go on, type the command again that started the run, or start `drydock serve`.',
        ]
      : []),
  ];
}

function readPlan(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw unreadable('plan', file, error);
  }
}
