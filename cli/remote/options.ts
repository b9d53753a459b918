import type { Command } from 'commander';
import { DrydockError } from '../../core/errors.ts';
import type { Session } from '../local/session.ts';
import type { StackOptions } from './account.ts';
import type { StackSession } from './session.ts';

/** The flags that lead to a deployment. */
export const stackFlags = (command: Command): Command =>
  command
    .option(
      '--stack <name>',
      'a deployment instead of this machine: name of its CloudFormation stack (default: $DRYDOCK_STACK)',
    )
    .option('--region <name>', 'region of the stack (default: as the AWS command line)')
    .option('--profile <name>', 'AWS profile (default: as the AWS command line)');

/** Flags that say what a deployment knows by itself, or what only one machine does. */
const foreign: Record<string, string> = {
  data: '--data',
  as: '--as',
  policy: '--policy',
  yes: '--yes',
  repo: '--repo',
  replay: '--replay',
  strictRuntime: '--strict-runtime',
  unsafeNoSandbox: '--unsafe-no-sandbox',
};

/**
 * The deployment that a command is for: `--stack`, else `$DRYDOCK_STACK`, unless a data folder is named.
 * @throws UsageError for flags that a deployment does not take: the person is who IAM says, the policy is its own.
 */
export function stackOf(
  options: StackOptions & { data?: string },
  env = process.env,
): (StackOptions & { stack: string }) | undefined {
  const stack = options.stack ?? (options.data === undefined ? env.DRYDOCK_STACK || undefined : undefined);
  if (stack === undefined) return undefined;
  if (!/^[A-Za-z][A-Za-z0-9-]{0,127}$/.test(stack)) {
    throw new DrydockError('UsageError', `${JSON.stringify(stack.slice(0, 100))} is no name of a stack.`);
  }
  const given = Object.entries(foreign).flatMap(([key, flag]) => {
    const value = (options as Record<string, unknown>)[key];
    return value === undefined || value === false || (Array.isArray(value) && value.length === 0) ? [] : [flag];
  });
  if (given.length > 0) {
    throw new DrydockError('UsageError', `${given.join(', ')} cannot be used with a deployment (${stack}).`, {
      remedy: 'Leave it out: the person is who IAM says, and policy, sandbox and data are those of the deployment.',
    });
  }
  return { ...options, stack };
}

/** Loaded when it is asked for: most commands are about this machine. */
export async function openStackSession(
  options: StackOptions & { stack: string },
  warn: (line: string) => void = (line) => void process.stderr.write(`${line}\n`),
): Promise<StackSession> {
  const { openStack } = await import('./session.ts');
  return openStack(options, warn);
}

export const isStackSession = (session: Session): session is StackSession => 'address' in session;
