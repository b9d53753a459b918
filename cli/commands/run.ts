import type { Command } from 'commander';
import { action, asOption, dataOption, policyOption, wholeNumber } from '../command.ts';
import { sandboxOption } from '../local/sandbox-choice.ts';
import { stackFlags } from '../remote/options.ts';
import type { RunOptions } from './run-spec.ts';

const collect = (value: string, all: string[]): string[] => [...all, value];

export function register(program: Command): void {
  const command = runFlags(program.command('run <file>'))
    .description('run a task spec: plan, approval, build, verification, draft pull request')
    .addHelpText(
      'after',
      `
Examples:
  drydock run .agent-tasks/FIX-1.yaml                   prompt at each gate
  drydock run .agent-tasks/FIX-1.yaml --yes --json      print one JSON document
  drydock run FIX-1.md --repo acme/billing=../billing --policy drydock.policy.yaml
  drydock run FIX-1.yaml --attempt 2                    run the same spec again
  drydock run FIX-1.yaml --stack Drydock                run in a deployment; the deployment applies its own policy`,
    );
  action<[string], RunOptions>(command, async (output, options, file) => {
    const { runCommand } = await import('./run-spec.ts');
    return runCommand(output, options, file);
  });
}

/** The flags of a command that runs a spec. */
export const runFlags = (command: Command): Command =>
  stackFlags(command)
    .option('--repo <name=path>', 'path of the spec’s repository (default: the current work tree)', collect, [])
    .option(...policyOption)
    .option('--agent <profile>', 'agent profile of the policy, instead of the profile in the spec')
    .option('--yes', 'vote as the listed approvers; skips no check and answers no question')
    .option('--detach', 'submit to the server process (`drydock serve`) and return')
    .option('--dry-run', 'validate and estimate only; claims nothing')
    .option(
      '--attempt <n>',
      'number of the attempt (default: the latest, or a new one if the cause of its failure has changed)',
      wholeNumber('--attempt', 1),
    )
    .option(...asOption)
    .option(...dataOption)
    .option('--replay <session>', 'answer model calls from a recorded session when no key is set')
    .option('--strict-runtime', 'refuse to run on another runtime than the spec names')
    .addOption(sandboxOption())
    .option(
      '--unsafe-no-sandbox',
      'run without isolation if none is available; the agent can then change this machine',
    );
