import { Command, CommanderError, Option } from 'commander';
import { version } from '../common/package-info.ts';
import { DrydockError, viewError } from '../core/errors.ts';
import { catalogue } from './catalogue.ts';
import { exitCodeOf } from './command.ts';
import { addExamples } from './examples.ts';
import { createOutput, printError } from './terminal/output.ts';

const nameOf = (usage: string): string => usage.split(' ')[0] ?? '';

/**
 * The word of a command line that names its command: the first one, or the one behind `help`. Only this command is loaded,
 * because a person who asks for help waits for the modules of all others too.
 */
function namedCommand(argv: readonly string[]): { name: string | undefined; help: boolean } {
  const words = argv.filter((argument) => !argument.startsWith('-'));
  return words[0] === 'help' ? { name: words[1], help: true } : { name: words[0], help: false };
}

/**
 * The program with the command that `argv` names. For help, and where it names none, the others are there too, as the
 * list of commands shows them.
 * @param argv Without it, every command is complete.
 * @internal for its tests
 */
export async function createProgram(argv?: readonly string[]): Promise<Command> {
  const program = new Command('drydock')
    .description('From a reviewed task spec to a draft pull request, by the agent of your choice, in a sandbox.')
    .version(version())
    .option('--json', 'print one JSON document on standard output')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  if (argv?.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) return program;
  const { name, help } = namedCommand(argv ?? []);
  const isNamed = ({ commands }: (typeof catalogue)[number]): boolean =>
    argv === undefined || commands.some(([usage]) => nameOf(usage) === name);
  const alone = !help && catalogue.some(isNamed);
  for (const file of catalogue) {
    if (isNamed(file)) (await file.load()).register(program);
    else if (!alone) for (const row of file.commands) listed(program, row);
  }
  addExamples(program);
  return program;
}

/** A command of which only the line in the list is there. */
function listed(program: Command, [usage, description]: (typeof catalogue)[number]['commands'][number]): void {
  const command = program.command(usage.replace(' [options]', '')).description(description);
  // The list says that a command has options if it has one.
  if (usage.includes(' [options]')) command.addOption(new Option('--any').hideHelp());
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
