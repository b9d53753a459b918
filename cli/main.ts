import { Command, CommanderError } from 'commander';
import { version } from '../common/package-info.ts';
import { DrydockError, viewError } from '../core/errors.ts';
import { exitCodeOf } from './command.ts';
import { addExamples } from './examples.ts';
import { createOutput, printError } from './terminal/output.ts';

type Load = () => Promise<{ register(program: Command): void }>;

/**
 * One file per group of commands, in the order of the help. Loaded on demand: loading all takes longer than most
 * commands.
 */
const files: readonly { load: Load; names: readonly string[] }[] = [
  { load: () => import('./commands/run.ts'), names: ['run'] },
  { load: () => import('./commands/ask/draft.ts'), names: ['draft'] },
  { load: () => import('./commands/ask/split.ts'), names: ['split'] },
  { load: () => import('./commands/serve.ts'), names: ['serve'] },
  { load: () => import('./commands/gates.ts'), names: ['approve', 'revise', 'reject', 'answer'] },
  { load: () => import('./commands/inspect.ts'), names: ['list', 'status', 'events', 'show', 'egress', 'why'] },
  { load: () => import('./commands/lifecycle.ts'), names: ['cancel', 'tell', 'retry', 'pause', 'resume'] },
  { load: () => import('./commands/specs.ts'), names: ['lint', 'estimate', 'prompt', 'new'] },
  { load: () => import('./commands/memory/runbook.ts'), names: ['runbook'] },
  { load: () => import('./commands/memory/knowledge.ts'), names: ['knowledge'] },
  { load: () => import('./commands/budget.ts'), names: ['budget'] },
  { load: () => import('./commands/audit.ts'), names: ['audit'] },
  { load: () => import('./commands/policy.ts'), names: ['policy'] },
  { load: () => import('./commands/doctor.ts'), names: ['doctor'] },
  { load: () => import('./commands/images.ts'), names: ['images'] },
  { load: () => import('./commands/agents.ts'), names: ['agents'] },
  { load: () => import('./commands/init.ts'), names: ['init'] },
  { load: () => import('./commands/demo.ts'), names: ['demo'] },
  { load: () => import('./commands/github-setup/setup.ts'), names: ['github'] },
  { load: () => import('./commands/aws/aws.ts'), names: ['aws'] },
];

/** The files for a command line: that of its command, none for `--version`, otherwise all. */
function filesFor(argv: readonly string[]): typeof files {
  const [first] = argv;
  if (argv.length === 1 && (first === '--version' || first === '-V')) return [];
  const name = argv.find((argument) => !argument.startsWith('-'));
  const found = files.filter(({ names }) => name !== undefined && names.includes(name));
  return found.length === 0 ? files : found;
}

/**
 * The program with the commands that `argv` may name; with all commands if `argv` is empty.
 * @internal for its tests
 */
export async function createProgram(argv: readonly string[] = []): Promise<Command> {
  const program = new Command('drydock')
    .description('From a reviewed task spec to a draft pull request, by the agent of your choice, in a sandbox.')
    .version(version())
    .option('--json', 'print one JSON document on standard output')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  for (const { register } of await Promise.all(filesFor(argv).map(({ load }) => load()))) register(program);
  addExamples(program);
  return program;
}

/** Runs a command line and returns its exit code; every error has a name and a remedy. */
export async function runCli(argv: string[]): Promise<number> {
  const program = await createProgram(argv);
  const output = createOutput(argv.includes('--json'));
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCodeOf(program);
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      const text = error.code === 'commander.help' ? 'No command was given.' : error.message.replace(/^error: /, '');
      printError(output, viewError(new DrydockError('UsageError', text)));
      return 2;
    }
    const known = error instanceof DrydockError ? error : undefined;
    printError(output, viewError(error));
    if (!known && process.env.DRYDOCK_DEBUG) output.err(String((error as Error).stack));
    return known?.exit ?? 1;
  }
}
