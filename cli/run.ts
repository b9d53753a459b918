import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { DrydockError } from '../core/errors.ts';
import { exitCodeOf as exitCodeOfStatus } from '../core/run/record.ts';
import { parseSpec } from '../core/spec/parse.ts';
import type { RunView } from '../pipeline/service.ts';
import {
  action,
  asOption,
  type CommonOptions,
  dataOption,
  type ExitCode,
  policyOption,
  wholeNumber,
} from './command.ts';
import { follow } from './follow.ts';
import { type Output, plain, print } from './output.ts';
import { openSession } from './owner/session.ts';
import { dataFolder } from './paths.ts';
import { loadPolicy, personId, requesterName } from './policy.ts';
import { repositoriesOf } from './repositories.ts';
import { summary } from './summary.ts';

export interface RunOptions extends CommonOptions {
  repo: string[];
  agent?: string;
  yes?: boolean;
  detach?: boolean;
  dryRun?: boolean;
  attempt: number;
  unsafeNoSandbox?: boolean;
  strictRuntime?: boolean;
  replay?: string;
}

const collect = (value: string, all: string[]): string[] => [...all, value];

export function register(program: Command): void {
  const command = program
    .command('run <file>')
    .description('run a task spec: plan, approval, build, verification, draft pull request')
    .option(
      '--repo <name=path>',
      'where a repository of the spec lies (default: the work tree you stand in)',
      collect,
      [],
    )
    .option(...policyOption)
    .option('--agent <profile>', 'agent profile of the policy, instead of the one the spec names')
    .option('--yes', 'vote as the listed approvers; skips no check and answers no question')
    .option('--detach', 'submit to the process that owns the data folder (`drydock serve`) and return')
    .option('--dry-run', 'validate and estimate only; claims nothing')
    .option('--attempt <n>', 'number of the attempt; a retry needs a new one', wholeNumber('--attempt', 1), 1)
    .option(...asOption)
    .option(...dataOption)
    .option('--replay <session>', 'answer model calls from a recorded session when no key is set')
    .option('--strict-runtime', 'refuse to run on another runtime than the one the spec names')
    .option(
      '--unsafe-no-sandbox',
      'run without isolation, where there is none; anything the agent does is done to this machine',
    )
    .addHelpText(
      'after',
      `
Examples:
  drydock run .agent-tasks/FIX-1.yaml                   ask at each gate
  drydock run .agent-tasks/FIX-1.yaml --yes --json      one document on standard output
  drydock run FIX-1.md --repo acme/billing=../billing --policy drydock.policy.yaml
  drydock run FIX-1.yaml --attempt 2                    the same spec once more`,
    );
  action<[string], RunOptions>(command, (output, options, file) => runCommand(output, options, file));
}

export async function runCommand(output: Output, options: RunOptions, file: string): Promise<ExitCode> {
  const bytes = readSpecFile(file);
  const named = parseSpec(file, bytes).spec?.repository;
  const { policy } = loadPolicy({
    repositories: repositoriesOf(options.repo, named, process.cwd()),
    ...(options.policy === undefined ? {} : { policy: options.policy }),
    ...(options.as === undefined ? {} : { as: options.as }),
  });
  const requester = personId(policy, requesterName(options.as));
  const session = await openSession({
    dataDir: dataFolder(options.data),
    ...(options.unsafeNoSandbox === undefined ? {} : { unsafeNoSandbox: options.unsafeNoSandbox }),
    ...(options.strictRuntime === undefined ? {} : { strictRuntime: options.strictRuntime }),
    ...(options.replay === undefined ? {} : { replaySession: resolve(options.replay) }),
  });
  try {
    // What an earlier owner left unfinished goes on first; this run may be among it.
    const left = new Set(session.owner?.unfinished());
    if (options.detach && session.owner) {
      throw new DrydockError('UsageError', 'Nobody would run it: no process owns the data folder.', {
        remedy: 'Start `drydock serve` in another terminal, or leave --detach out.',
      });
    }
    const submitted = await session.service.submit({
      file,
      bytesBase64: Buffer.from(bytes).toString('base64'),
      policy,
      requester,
      attempt: options.attempt,
      dryRun: options.dryRun === true,
      ...(options.agent === undefined ? {} : { agent: options.agent }),
    });
    const resumed = left.has(submitted.runId);
    await session.owner?.resume();
    if (submitted.how === 'duplicate' && !resumed)
      return await duplicate(output, await session.service.run(submitted.runId));
    if (options.detach) return await report(output, await session.service.run(submitted.runId));
    const ended = await follow(session, submitted.runId, output, { yes: options.yes === true, as: requester });
    const code = await report(output, ended);
    await session.linger?.();
    return code;
  } finally {
    await session.close();
  }
}

async function duplicate(output: Output, run: RunView): Promise<ExitCode> {
  print(output, { ...run, status: 'duplicate' }, () => [
    `${run.taskId} ran already: ${run.status} (${run.runId}).`,
    `Next: drydock status ${run.taskId}, or run it once more with --attempt ${run.attempt + 1}`,
  ]);
  return 0;
}

async function report(output: Output, run: RunView): Promise<ExitCode> {
  print(output, run, () => summary(run, output));
  return exitOf(run);
}

/** A run that ended on its budget says so by its exit code, whatever state it was in. */
function exitOf(run: RunView): ExitCode {
  if (run.status === 'failed' && run.error?.name === 'BudgetExhausted') return 3;
  const environment = ['SandboxUnavailable', 'RuntimeUnavailable', 'AgentUnavailable', 'SecretMissing', 'ToolMissing'];
  if (run.status === 'failed' && run.error && environment.includes(run.error.name)) return 4;
  return exitCodeOfStatus(run.status);
}

function readSpecFile(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new DrydockError('FileUnreadable', `The spec ${plain(file)} cannot be read: ${(error as Error).message}`);
  }
}
