import type { Command } from 'commander';
import { defined } from '../../../core/defined.ts';
import { action, type CommonOptions, personCommand, policyOption, withSession } from '../../command.ts';
import { requesterName } from '../../config/home.ts';
import type { Session } from '../../local/session.ts';
import { isStackSession } from '../../remote/options.ts';
import { print } from '../../terminal/output.ts';

export function register(program: Command): void {
  const command = personCommand(program, 'inbox', 'list the decisions that wait for you, most urgent first')
    .option(...policyOption)
    .option('--all', 'also the decisions that wait for other people')
    .addHelpText(
      'after',
      `
Examples:
  drydock inbox --as lead
  drydock inbox --all --json

Exit code: 0 if nothing waits for you, 5 if something does. With --all, what waits for others counts too.`,
    );
  action<[], CommonOptions & { all?: boolean }>(command, async (output, options) => {
    const { person, items, more } = await withSession(options, async (session) => ({
      person: await personOf(session, options),
      ...(await session.service.inbox()),
    }));
    const mine = items.filter(({ gate }) => person !== undefined && gate?.may.includes(person));
    // A deployment lists nobody for a role without a person, who may read all the same.
    const decisions = options.all || person === undefined ? items : mine;
    const others = items.length - mine.length;
    const { inboxLines } = await import('../../terminal/view/inbox.ts');
    print(output, { person: person ?? null, decisions, others, more }, () =>
      inboxLines({ person, decisions, others, more, all: decisions !== mine }, output),
    );
    return decisions.length === 0 ? 0 : 5;
  });
}

/** Who asks, as the rules compare people. */
async function personOf(session: Session, options: CommonOptions): Promise<string | undefined> {
  // A deployment knows its caller by IAM.
  if (isStackSession(session)) return session.person().catch(() => undefined);
  const { loadPolicy, personId } = await import('../../config/load-policy.ts');
  const { policy } = loadPolicy({ repositories: new Map(), ...defined({ policy: options.policy, as: options.as }) });
  return personId(policy, requesterName(options.as));
}
