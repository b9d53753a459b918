import { Command, CommanderError } from 'commander';
import { DrydockError, viewError } from '../core/errors.ts';
import { exitCodeOf } from './command.ts';
import * as control from './control.ts';
import * as demo from './demo.ts';
import * as doctor from './doctor.ts';
import * as gates from './gates.ts';
import * as init from './init.ts';
import * as inspect from './inspect.ts';
import * as money from './money.ts';
import { createOutput, printError } from './output.ts';
import * as policy from './policy-command.ts';
import * as run from './run.ts';
import * as serve from './serve.ts';
import * as specs from './specs.ts';
import { version } from './version.ts';

/** One registration per command file. */
const registrations = [run, serve, gates, inspect, control, specs, money, policy, doctor, init, demo].map(
  ({ register }) => register,
);

export function createProgram(): Command {
  const program = new Command('drydock')
    .description('From a reviewed task spec to a draft pull request, by the agent of your choice, in a sandbox.')
    .version(version())
    .option('--json', 'one JSON document on standard output')
    .showHelpAfterError('(drydock --help lists the commands)')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  for (const register of registrations) register(program);
  return program;
}

/** Runs a command line and returns its exit code; every error has a name and a remedy. */
export async function runCli(argv: string[]): Promise<number> {
  const program = createProgram();
  const output = createOutput(argv.includes('--json'));
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCodeOf(program);
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      const text = error.code === 'commander.help' ? 'A command is missing.' : error.message.replace(/^error: /, '');
      printError(output, viewError(new DrydockError('UsageError', text)));
      return 2;
    }
    const known = error instanceof DrydockError ? error : undefined;
    printError(output, viewError(error));
    if (!known && process.env.DRYDOCK_DEBUG) output.err(String((error as Error).stack));
    return known?.exit ?? 1;
  }
}
