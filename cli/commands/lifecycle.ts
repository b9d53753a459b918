import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { defined } from '../../core/defined.ts';
import { action, type CommonOptions, personCommand, policyOption, withSession } from '../command.ts';
import { requesterName } from '../config/home.ts';
import { dataFolder } from '../local/data-folder.ts';
import { openStackSession, stackOf } from '../remote/options.ts';
import { print } from '../terminal/output.ts';
import { exitOf, summary } from '../terminal/summary.ts';

export function register(program: Command): void {
  const command = (name: string, description: string): Command => personCommand(program, name, description);
  const who = (options: CommonOptions): string => (stackOf(options) ? '' : requesterName(options.as));

  action<[string], CommonOptions & { reason: string }>(
    command('cancel <run>', 'stop a run; money already spent stays charged').option(
      '--reason <text>',
      'reason for the record',
      'cancelled by hand',
    ),
    async (output, options, reference) => {
      const run = await withSession(options, (session) =>
        session.service.cancel(reference, who(options), options.reason),
      );
      print(output, run, () => [`${run.taskId} is being stopped (${run.runId}).`]);
      return 0;
    },
  );

  action<[string, string], CommonOptions & { now?: boolean }>(
    command('tell <run> <text>', 'say something to the agent of a run while it works')
      .option('--now', 'end the turn of the agent for it; otherwise it is the next turn')
      .addHelpText(
        'after',
        `
Examples:
  drydock tell FIX-1 "The helper in src/dates.ts does this already"     with its next turn
  drydock tell FIX-1 "Leave the generated files alone" --now            at once
  drydock tell MIGRATE-1/b "The old tests stay"                         to the agent of a part

It is recorded, stands in the pull request, and changes neither the task nor its constraints.`,
      ),
    async (output, options, reference, text) => {
      const key = randomUUID();
      const { reaches } = await withSession(options, (session) =>
        session.service.tell(reference, who(options), text, options.now === true, key),
      );
      print(output, { reaches }, () => [
        reaches === 'agent'
          ? `The agent gets it${options.now ? '' : ' with its next turn'}, and later phases with their prompts.`
          : 'No agent works on it now; the next phase with an agent gets it with its prompt.',
      ]);
      return 0;
    },
  );

  action<[string], CommonOptions & { yes?: boolean; detach?: boolean }>(
    command('retry <run>', 'run the same spec again as the next attempt')
      .option(...policyOption)
      .option('--yes', 'vote as the listed approvers')
      .option('--detach', 'submit to the server process and return'),
    async (output, options, reference) => {
      const stack = stackOf(options);
      if (stack) {
        const { retryOnStack } = await import('../remote/submit.ts');
        const session = await openStackSession(stack);
        const run = await retryOnStack(session, reference, output, options.detach === true);
        print(output, run, () => summary(run, output));
        return exitOf(run);
      }
      const { loadPolicy } = await import('../config/load-policy.ts');
      const { openSession } = await import('../local/session.ts');
      const { follow } = await import('../terminal/follow.ts');
      const { policy, source } = loadPolicy({
        repositories: new Map(),
        ...defined({ policy: options.policy, as: options.as }),
      });
      // The run may have had another one: a record knows the policy, and not its file.
      if (options.policy === undefined) output.err(`Policy: ${source} (another one: --policy FILE)`);
      const session = await openSession({ dataDir: dataFolder(options.data) });
      try {
        const by = requesterName(options.as);
        const { runId } = await session.service.retry(reference, policy, by);
        await session.server?.resume();
        const run =
          options.detach && !session.server
            ? await session.service.run(runId)
            : await follow(session, runId, output, { yes: options.yes === true, as: by });
        print(output, run, () => summary(run, output));
        await session.linger?.((line) => output.err(line));
        return exitOf(run);
      } finally {
        await session.close();
      }
    },
  );

  for (const [name, paused, description] of [
    ['pause', true, 'admit no new runs; running runs continue'],
    ['resume', false, 'admit new runs again'],
  ] as const) {
    action<[], CommonOptions>(command(name, description).option(...policyOption), async (output, options) => {
      const { loadPolicy } = await import('../config/load-policy.ts');
      // A deployment replaces person and policy by its own.
      const { policy } = loadPolicy({
        repositories: new Map(),
        ...defined({ policy: options.policy, as: options.as }),
      });
      const state = await withSession(options, (session) => session.service.pause(paused, who(options), policy));
      print(output, state, () => [paused ? 'New runs are queued until `drydock resume`.' : 'New runs are admitted.']);
      return 0;
    });
  }
}
