import type { Command } from 'commander';
import { DrydockError } from '../core/errors.ts';
import { dataFolder } from './local/data-folder.ts';
import type { Session } from './local/session.ts';
import { openStackSession, stackFlags, stackOf } from './remote/options.ts';
import type { ExitCode } from './terminal/exit-code.ts';
import { createOutput, type Output } from './terminal/output.ts';

/** Options that commands share. Not every command accepts each of them. */
export interface CommonOptions {
  json?: boolean;
  data?: string;
  as?: string;
  policy?: string;
  stack?: string;
  region?: string;
  profile?: string;
}

/** Runs a command's action and stores its exit code for `runCli`. */
export function action<Args extends unknown[], O extends CommonOptions>(
  command: Command,
  act: (output: Output, options: O, ...args: Args) => Promise<ExitCode>,
): Command {
  return command.action(async (...all: unknown[]) => {
    // Commander passes the arguments, then the options, then the command.
    const args = all.slice(0, -2) as Args;
    const options = command.optsWithGlobals<O>();
    exitCodes.set(root(command), await act(createOutput(options.json === true), options, ...args));
  });
}

const exitCodes = new WeakMap<Command, ExitCode>();
const root = (command: Command): Command => (command.parent ? root(command.parent) : command);
export const exitCodeOf = (program: Command): ExitCode => exitCodes.get(program) ?? 0;

export const dataOption = [
  '--data <dir>',
  'data folder (default: $DRYDOCK_DATA, else ~/.local/state/drydock)',
] as const;
export const asOption = [
  '--as <who>',
  'person who runs the command (default: $DRYDOCK_USER, else OSUSER@localhost)',
] as const;
/** A command that a person runs on this machine or in a deployment. */
export const personCommand = (program: Command, name: string, description: string): Command =>
  stackFlags(
    program
      .command(name)
      .description(description)
      .option(...asOption)
      .option(...dataOption),
  );

export const policyOption = [
  '--policy <file>',
  'policy file (default: $DRYDOCK_POLICY, else ~/.config/drydock/policy.yaml, else the built-in policy)',
] as const;

/** Opens a session on the deployment or the data folder, uses it and closes it. */
export async function withSession<T>(options: CommonOptions, use: (session: Session) => Promise<T>): Promise<T> {
  const stack = stackOf(options);
  // Loaded on demand: help and faults of usage need no session.
  const session = stack
    ? await openStackSession(stack)
    : await (await import('./local/session.ts')).openSession({ dataDir: dataFolder(options.data), passive: true });
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}

/** Parser of an option that takes a whole number of at least `min`. @throws UsageError. */
export const wholeNumber =
  (name: string, min: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < min) {
      throw new DrydockError(
        'UsageError',
        `${name} takes a whole number of at least ${min}, not ${JSON.stringify(text)}.`,
      );
    }
    return value;
  };
