import type { Command } from 'commander';
import { defined } from '../../../core/defined.ts';
import { DrydockError } from '../../../core/errors.ts';
import { action } from '../../command.ts';
import { requesterName } from '../../config/home.ts';
import { loadPolicy, personId } from '../../config/load-policy.ts';
import { branchOf, originOf, repositoryName } from '../../config/own-repository.ts';
import { gitRoot, repositoriesOf } from '../../config/repositories.ts';
import { plain, print } from '../../terminal/output.ts';
import { exitOf, summary } from '../../terminal/summary.ts';
import { type AskOptions, askFlags, runAsk } from './run-ask.ts';

interface DraftOptions extends AskOptions {
  repo: string[];
  assume?: boolean;
}

const collect = (value: string, all: string[]): string[] => [...all, value];

export function register(program: Command): void {
  const command = askFlags(
    program
      .command('draft <text>')
      .description('turn a request in plain language into a task spec, and open a pull request that adds it')
      .option(
        '--repo <name=path>',
        'the repository that it is about (default: the current work tree); OWNER/NAME in a deployment',
        collect,
        [],
      )
      .option('--assume', 'answer no questions: the spec marks what the agent assumed'),
    'agent profile of the policy that writes the spec',
  ).addHelpText(
    'after',
    `
Examples:
  drydock draft "Let the export handle names with umlauts"      asks at most five questions, at once
  drydock draft "Move the date helpers to one module" --assume  asks none, and marks what it assumed
  drydock answer draft-1a2b3c4d "1. CSV and JSON 2. no"         answers what a draft asks
  drydock draft "Round half to even" --stack Drydock            asks an agent of a deployment`,
  );
  action<[string], DraftOptions>(command, async (output, { repo, ...options }, text) => {
    if (text.trim() === '')
      throw new DrydockError('UsageError', 'The request is empty.', {
        remedy: 'Say what you want: drydock draft "TEXT"',
      });
    const request = { text, assume: options.assume === true, ...defined({ agent: options.agent }) };
    const { run } = await runAsk(output, options, {
      method: 'draft',
      remote: () => ({ ...request, repository: remoteName(repo) }),
      local: () => {
        const { policy, name, root } = chosen(options, repositoriesOf(repo, process.cwd()));
        const requester = personId(policy, requesterName(options.as));
        const on = root === undefined ? {} : { targetBranch: branchOf(root) };
        return {
          ...{ policy, requester },
          start: (service) => service.draft({ ...request, ...on, repository: name, policy, requester }),
        };
      },
      read: async () => undefined,
    });
    // Advice is an answer too.
    const advised = run.error?.name === 'DoItYourself';
    print(output, run, () => (advised ? [`Do it yourself: ${plain(run.error?.message ?? '')}`] : summary(run, output)));
    return advised ? 0 : exitOf(run);
  });
}

/** The name of a repository as a deployment lists it: as given, or by the remote of the current work tree. */
function remoteName([given, ...more]: string[]): string {
  const here = given === undefined ? gitRoot(process.cwd()) : undefined;
  const name = given ?? (here === undefined ? undefined : originOf(here));
  if (more.length === 0 && name !== undefined && !name.includes('=')) return name;
  throw new DrydockError('UsageError', 'It is not known which repository of the deployment you mean.', {
    remedy: 'Stand in a clone whose remote `origin` is on GitHub, or pass --repo OWNER/NAME.',
  });
}

/** The repository that a request is about, and its work tree if it is here. */
function chosen(options: AskOptions, repositories: Map<string, string>) {
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
