import type { Command } from 'commander';
import { defined } from '../../core/defined.ts';
import { usdOf } from '../../core/money/format.ts';
import type { BudgetView } from '../../core/ports/store/ledger.ts';
import { action, type CommonOptions, dataOption, policyOption, withSession } from '../command.ts';
import { loadPolicy } from '../config/load-policy.ts';
import { isStackSession, stackFlags } from '../remote/options.ts';
import { print, table } from '../terminal/output.ts';

export function register(program: Command): void {
  action<[string | undefined], CommonOptions>(
    stackFlags(
      program
        .command('budget [team]')
        .description("show the budget of each team's sprint, and what its runs cost")
        .option(...policyOption)
        .option(...dataOption),
    ),
    async (output, options, team) => {
      const found = await withSession(options, async (session) => {
        if (isStackSession(session)) {
          const teams = team === undefined ? ((await session.call('teams', [])) as string[]) : [team];
          return Promise.all(teams.map((name) => session.call('budget', [name]) as Promise<BudgetView | null>));
        }
        const { policy } = loadPolicy({
          repositories: new Map(),
          ...defined({ policy: options.policy }),
        });
        const teams = team === undefined ? Object.keys(policy.budgets) : [team];
        return Promise.all(teams.map((name) => session.service.budget(name, policy)));
      });
      const budgets = found
        .filter((budget) => budget !== null)
        .map((budget) => ({
          team: budget.team,
          sprint: budget.sprint,
          limitUsd: usdOf(budget.limitMicros),
          committedUsd: usdOf(budget.committedMicros),
          settledUsd: usdOf(budget.settledMicros),
          runs: budget.runs.map((run) => ({
            runId: run.runId,
            taskId: run.taskId,
            reservedUsd: usdOf(run.reservedMicros),
            settledUsd: run.settledMicros === null ? null : usdOf(run.settledMicros),
          })),
        }));
      print(output, { budgets }, () =>
        budgets.length === 0
          ? [team === undefined ? 'The policy defines no budgets.' : `The policy defines no budget for team ${team}.`]
          : budgets.flatMap((budget) => [
              `team ${budget.team}, sprint from ${budget.sprint}: $${budget.committedUsd.toFixed(2)} of $${budget.limitUsd.toFixed(2)} committed, $${budget.settledUsd.toFixed(2)} settled`,
              ...table(
                budget.runs.map((run) => [
                  '',
                  run.taskId,
                  run.runId.slice(0, 10),
                  run.settledUsd === null ? `$${run.reservedUsd.toFixed(2)} reserved` : `$${run.settledUsd.toFixed(2)}`,
                ]),
              ),
            ]),
      );
      return 0;
    },
  );
}
