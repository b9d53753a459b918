import type { Command } from 'commander';
import { DrydockError } from '../../core/errors.ts';
import type { Session } from '../local/session.ts';
import type { StackOptions } from './account.ts';
import type { StackSession } from './session.ts';

/** Adds the flags that select a deployment. */
export const stackFlags = (command: Command): Command =>
  command
    .option(
      '--stack <name>',
      'name of a CloudFormation stack: use this deployment instead of this machine (default: $DRYDOCK_STACK)',
    )
    .option('--region <name>', 'region of the stack (default: as the AWS command line)')
    .option('--profile <name>', 'AWS profile (default: as the AWS command line)');

/** Flags that a deployment does not accept: it has its own policy and people, or they concern only this machine. */
const foreign: Record<string, string> = {
  data: '--data',
  as: '--as',
  policy: '--policy',
  yes: '--yes',
  repo: '--repo',
  replay: '--replay',
  sandbox: '--sandbox',
  strictRuntime: '--strict-runtime',
  unsafeNoSandbox: '--unsafe-no-sandbox',
};

/**
 * The deployment that a command addresses: `--stack`, otherwise `$DRYDOCK_STACK` unless a data folder is named.
 * @throws UsageError for an invalid name, and for flags that a deployment does not accept.
 */
export function stackOf(
  options: StackOptions & { data?: string },
  env = process.env,
): (StackOptions & { stack: string }) | undefined {
  const stack = options.stack ?? (options.data === undefined ? env.DRYDOCK_STACK || undefined : undefined);
  if (stack === undefined) return undefined;
  if (!/^[A-Za-z][A-Za-z0-9-]{0,127}$/.test(stack)) {
    throw new DrydockError('UsageError', `${JSON.stringify(stack.slice(0, 100))} is not a valid stack name.`);
  }
  const given = Object.entries(foreign).flatMap(([key, flag]) => {
    const value = (options as Record<string, unknown>)[key];
    return value === undefined || value === false || (Array.isArray(value) && value.length === 0) ? [] : [flag];
  });
  if (given.length > 0) {
    throw new DrydockError('UsageError', `${given.join(', ')} cannot be used with a deployment (${stack}).`, {
      remedy: 'Omit it: IAM identifies the person, and the deployment has its own policy, sandbox and data.',
    });
  }
  return { ...options, stack };
}

/** Loads the code for deployments only when needed, because most commands concern this machine. */
export async function openStackSession(
  options: StackOptions & { stack: string },
  warn: (line: string) => void = (line) => void process.stderr.write(`${line}\n`),
): Promise<StackSession> {
  const { openStack } = await import('./session.ts');
  return openStack(options, warn);
}

export const isStackSession = (session: Session): session is StackSession => 'address' in session;
