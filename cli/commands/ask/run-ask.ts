import type { Command } from 'commander';
import { defined } from '../../../core/defined.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { Policy } from '../../../core/policy/schema.ts';
import type { Submitted } from '../../../pipeline/commands/submit.ts';
import type { RunView, Service } from '../../../pipeline/service/service.ts';
import { asOption, type CommonOptions, dataOption, policyOption } from '../../command.ts';
import { dataFolder } from '../../local/data-folder.ts';
import { type Driver, sandboxOf, sandboxOption } from '../../local/sandbox-choice.ts';
import { openSession } from '../../local/session.ts';
import { openStackSession, stackFlags, stackOf } from '../../remote/options.ts';
import { follow } from '../../terminal/follow.ts';
import type { Output } from '../../terminal/output.ts';

export interface AskOptions extends CommonOptions {
  policy?: string;
  agent?: string;
  detach?: boolean;
  sandbox?: Driver;
  unsafeNoSandbox?: boolean;
}

/** The flags of a command that asks an agent. */
export const askFlags = (command: Command, agent: string): Command =>
  stackFlags(command)
    .option(...policyOption)
    .option('--agent <profile>', agent)
    .option('--detach', 'submit to the server process (`drydock serve`) or the deployment, and return')
    .option(...asOption)
    .option(...dataOption)
    .addOption(sandboxOption())
    .option(
      '--unsafe-no-sandbox',
      'run without isolation if none is available; the agent can then change this machine',
    );

interface Ask<T> {
  method: 'draft' | 'split';
  /** What a deployment is asked; it adds its policy and the person. */
  remote(): Record<string, unknown>;
  /** Policy and person on this machine, and the call that starts the run. */
  local(): { policy: Policy; requester: string; start(service: Service): Promise<Submitted> };
  /** What is read of the run before the session ends. */
  read(service: Service, run: RunView): Promise<T>;
}

/** Starts a run that asks an agent, on this machine or in a deployment, and follows it unless it is detached. */
export async function runAsk<T>(output: Output, options: AskOptions, ask: Ask<T>): Promise<{ run: RunView; read: T }> {
  const stack = stackOf(options);
  if (stack) {
    const { askOnStack } = await import('../../remote/submit.ts');
    const session = await openStackSession(stack);
    const run = await askOnStack(session, ask.method, ask.remote(), output, options.detach === true);
    return { run, read: await ask.read(session.service, run) };
  }
  const { policy, requester, start } = ask.local();
  const session = await openSession({
    dataDir: dataFolder(options.data),
    messages: policy,
    sandbox: sandboxOf(policy, options.sandbox),
    ...defined({ unsafeNoSandbox: options.unsafeNoSandbox }),
  });
  try {
    if (options.detach && session.server)
      throw new DrydockError('UsageError', 'No server process owns the data folder, so nothing would run it.', {
        remedy: 'Start `drydock serve` in another terminal, or omit --detach.',
      });
    const { runId } = await start(session.service);
    await session.server?.resume();
    const run = options.detach
      ? await session.service.run(runId)
      : await follow(session, runId, output, { yes: false, as: requester });
    const read = await ask.read(session.service, run);
    await session.linger?.((line) => output.err(line));
    return { run, read };
  } finally {
    await session.close();
  }
}
