import type { Command } from 'commander';
import { defined } from '../../../core/defined.ts';
import { DrydockError } from '../../../core/errors.ts';
import { code } from '../../../core/publish/escape.ts';
import type { Runbook } from '../../../core/runbook/schema.ts';
import { invalid, type RunbookSpec, useRunbook } from '../../../core/runbook/use.ts';
import { lintRead } from '../../../core/task-spec/lint/lint.ts';
import { action, withSession } from '../../command.ts';
import { requesterName } from '../../config/home.ts';
import { loadPolicy, personId } from '../../config/load-policy.ts';
import { branchOf } from '../../config/own-repository.ts';
import { filesOf, repositoriesOf } from '../../config/repositories.ts';
import { standingRoot } from '../../config/task-files.ts';
import type { ExitCode } from '../../terminal/exit-code.ts';
import { type Output, plain, print } from '../../terminal/output.ts';
import { runFlags } from '../run.ts';
import { type RunOptions, runCommand } from '../run-spec.ts';
import { find, problemLines, repositoryOf } from './runbook-files.ts';

interface UseOptions extends RunOptions {
  param: string[];
  openPr?: boolean;
  run?: boolean;
  taskId?: string;
}

const collect = (value: string, all: string[]): string[] => [...all, value];

/** Adds `drydock runbook use`. */
export function registerUse(runbook: Command): void {
  action<[string], UseOptions>(
    runFlags(runbook.command('use <name>'))
      .description('make a spec from a runbook: print it, run it, or open a pull request that adds it')
      .option(
        '-p, --param <name=value>',
        'value of a parameter; entries of a list are separated by commas',
        collect,
        [],
      )
      .option('--task-id <id>', 'task id of the spec (default: made from the runbook and its parameters)')
      .option('--run', 'run the spec')
      .option('--open-pr', 'open a pull request that adds the spec; its merge starts the run')
      .addHelpText(
        'after',
        `
Examples:
  drydock runbook use upgrade-dependency -p package=zod -p version=4.1.0             print the spec
  drydock runbook use upgrade-dependency -p package=zod -p version=4.1.0 --run --yes
  drydock runbook use upgrade-dependency -p package=zod -p version=4.1.0 --open-pr --json`,
      ),
    use,
  );
}

async function use(output: Output, options: UseOptions, name: string): Promise<ExitCode> {
  if (options.run && options.openPr) throw new DrydockError('UsageError', 'Use one of --run and --open-pr.');
  const root = standingRoot();
  const read = find(root, name);
  const repository = repositoryOf(root, read.runbook, options);
  const targetBranch = branchOf(root);
  const made = useRunbook(read, givenOf(options.param), {
    repository,
    targetBranch,
    ...defined({ taskId: options.taskId }),
  });
  const { policy } = loadPolicy({
    repositories: repositoriesOf(options.repo, process.cwd()),
    standing: { name: made.read.spec?.repository ?? repository, root },
    ...defined({ policy: options.policy, as: options.as }),
  });
  const problems = lintRead(made.read, { files: filesOf(root) }, policy).problems;
  if (problems.some(({ severity }) => severity === 'error'))
    throw invalid(
      'SpecInvalid',
      read.file,
      problems.filter(({ severity }) => severity === 'error'),
    );
  if (options.run) return runCommand(output, options, made.path, made.bytes);
  if (options.openPr) {
    if (options.stack !== undefined)
      throw new DrydockError('UsageError', '--open-pr works from a clone, without --stack.', {
        remedy: 'Leave --stack out; the deployment starts the run when the pull request is merged.',
      });
    const requester = personId(policy, requesterName(options.as));
    const body = proposalBody(read.runbook, made, requester);
    const request = { file: made.path, bytes: made.bytes, policy, requester, body };
    const proposed = await withSession(options, ({ service }) => service.propose(request));
    print(output, { ...proposed, file: made.path, runbook: made.read.spec?.runbook ?? null }, () => [
      `Opened ${proposed.pullRequest.url}`,
      `  branch  ${proposed.branch}`,
      '  The merge starts the run.',
    ]);
    return 0;
  }
  const spec = new TextDecoder().decode(made.bytes);
  print(output, { taskId: made.taskId, file: made.path, spec, parameters: made.parameters, problems }, () => [
    ...plain(spec).trimEnd().split('\n'),
  ]);
  if (!output.json) for (const line of problemLines(output, read.file, problems)) output.err(line.trimStart());
  return 0;
}

/** The pairs of `-p`. @throws UsageError. */
function givenOf(pairs: readonly string[]): Record<string, string> {
  const given = pairs.map((pair): [string, string] => {
    const at = pair.indexOf('=');
    if (at <= 0)
      throw new DrydockError('UsageError', `-p takes NAME=VALUE, not ${JSON.stringify(pair.slice(0, 100))}.`);
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
  const names = given.map(([name]) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new DrydockError('UsageError', `-p gives ${JSON.stringify(twice)} twice.`);
  return Object.fromEntries(given);
}

const proposalBody = ({ runbook, version }: Runbook, made: RunbookSpec, requester: string): string =>
  [
    `Adds the spec ${code(made.path)}, made from version ${version} of the runbook ${code(runbook)} for ${code(requester)}. The merge starts the run.`,
    ...Object.entries(made.parameters).map(([name, value]) => `- ${code(name)}: ${code(String(value))}`),
  ].join('\n');
