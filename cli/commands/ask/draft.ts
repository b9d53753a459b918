import type { Command } from 'commander';
import { defined } from '../../../core/defined.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { RunView } from '../../../pipeline/service/service.ts';
import { action, asOption, type CommonOptions, dataOption, policyOption } from '../../command.ts';
import { loadPolicy, personId, requesterName } from '../../config/load-policy.ts';
import { branchOf, repositoryName } from '../../config/own-repository.ts';
import { gitRoot, repositoriesOf } from '../../config/repositories.ts';
import { dataFolder } from '../../local/data-folder.ts';
import { type Driver, sandboxOf, sandboxOption } from '../../local/sandbox-choice.ts';
import { openSession } from '../../local/session.ts';
import { follow } from '../../terminal/follow.ts';
import { plain, print } from '../../terminal/output.ts';
import { exitOf, summary } from '../../terminal/summary.ts';

interface DraftOptions extends CommonOptions {
  repo: string[];
  agent?: string;
  assume?: boolean;
  detach?: boolean;
  sandbox?: Driver;
  unsafeNoSandbox?: boolean;
}

const collect = (value: string, all: string[]): string[] => [...all, value];

export function register(program: Command): void {
  const command = program
    .command('draft <text>')
    .description('turn a request in plain language into a task spec, and open a pull request that adds it')
    .option('--repo <name=path>', 'the repository that it is about (default: the current work tree)', collect, [])
    .option(...policyOption)
    .option('--agent <profile>', 'agent profile of the policy that writes the spec')
    .option('--assume', 'answer no questions: the spec marks what the agent assumed')
    .option('--detach', 'submit to the server process (`drydock serve`) and return')
    .option(...asOption)
    .option(...dataOption)
    .addOption(sandboxOption())
    .option('--unsafe-no-sandbox', 'run without isolation if none is available; the agent can then change this machine')
    .addHelpText(
      'after',
      `
Examples:
  drydock draft "Let the export handle names with umlauts"      asks at most five questions, at once
  drydock draft "Move the date helpers to one module" --assume  asks none, and marks what it assumed
  drydock answer draft-1a2b3c4d "1. CSV and JSON 2. no"         answers what a draft asks`,
    );
  action<[string], DraftOptions>(command, async (output, options, text) => {
    const repositories = repositoriesOf(options.repo, process.cwd());
    if (text.trim() === '')
      throw new DrydockError('UsageError', 'The request is empty.', {
        remedy: 'Say what you want: drydock draft "TEXT"',
      });
    const { policy, name, root } = chosen(options, repositories);
    const requester = personId(policy, requesterName(options.as));
    const session = await openSession({
      dataDir: dataFolder(options.data),
      messages: policy,
      sandbox: sandboxOf(policy, options.sandbox),
      ...defined({ unsafeNoSandbox: options.unsafeNoSandbox }),
    });
    let run: RunView;
    try {
      if (options.detach && session.server)
        throw new DrydockError('UsageError', 'No server process owns the data folder, so nothing would run it.', {
          remedy: 'Start `drydock serve` in another terminal, or omit --detach.',
        });
      const { runId } = await session.service.draft({
        text,
        repository: name,
        ...(root === undefined ? {} : { targetBranch: branchOf(root) }),
        policy,
        requester,
        assume: options.assume === true,
        ...defined({ agent: options.agent }),
      });
      await session.server?.resume();
      run = options.detach
        ? await session.service.run(runId)
        : await follow(session, runId, output, { yes: false, as: requester });
      await session.linger?.();
    } finally {
      await session.close();
    }
    // Advice is an answer too.
    const advised = run.error?.name === 'DoItYourself';
    print(output, run, () => (advised ? [`Do it yourself: ${plain(run.error?.message ?? '')}`] : summary(run, output)));
    return advised ? 0 : exitOf(run);
  });
}

/** The repository that a request is about, and its work tree if it is here. */
function chosen(options: DraftOptions, repositories: Map<string, string>) {
  const here = gitRoot(process.cwd());
  const [given] = repositories;
  const load = (standing?: { name: string; root: string }) =>
    loadPolicy({ repositories, ...defined({ standing, policy: options.policy, as: options.as }) });
  if (given !== undefined) return { policy: load().policy, name: given[0], root: given[1] };
  if (here === undefined) {
    throw new DrydockError(
      'UsageError',
      'This folder is in no git repository, so it is not known which one you mean.',
      {
        remedy: 'Stand in its work tree, or pass --repo NAME=PATH.',
      },
    );
  }
  const name = repositoryName(here, load().policy);
  return { policy: load({ name, root: here }).policy, name, root: here };
}
