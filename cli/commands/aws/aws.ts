import type { Command } from 'commander';
import { asRefusal } from '../../../adapters/aws/account/row.ts';
import { action, type CommonOptions } from '../../command.ts';
import type { ExitCode } from '../../terminal/exit-code.ts';
import type { Output } from '../../terminal/output.ts';
import { type DownOptions, down } from './down.ts';
import { init } from './init.ts';
import { preflightCommand } from './preflight.ts';
import { type AwsOptions, settingsOption } from './settings.ts';
import { status } from './status.ts';
import { type UpOptions, up } from './up.ts';

export function register(program: Command): void {
  const aws = program.command('aws').description('a deployment in your own AWS account, from a checkout');
  const command = (name: string, description: string): Command =>
    aws
      .command(name)
      .description(description)
      .option(...settingsOption)
      .option('--region <name>', 'region (default: of the settings, else as the AWS command line)')
      .option('--profile <name>', 'AWS profile (default: as the AWS command line)');

  action<[], AwsOptions>(
    command('preflight', 'check the account before anything is made; changes nothing'),
    asked(preflightCommand),
  );
  action<[], UpOptions>(
    command('up', 'make or update the deployment, step by step; may be repeated at any point')
      .option('--dry-run', 'print every step with what it would do, and change nothing')
      .option('--yes', 'do not ask before changes')
      .option('--org <name>', 'GitHub organization that will own the app (default: your own account)'),
    asked(up),
  );
  action<[], AwsOptions>(
    command('status', 'what is deployed, whether it is the policy of the file, alarms, and unfinished runs'),
    asked(status),
  );
  action<[], DownOptions>(
    command('down', 'delete what can be made again; tables, artifacts, images, key and secrets are kept')
      .option('--cancel', 'cancel unfinished runs; it is refused while there are any')
      .option('--dry-run', 'print every step with what it would do, and change nothing')
      .option('--confirm <name>', 'name of the deployment, in place of typing it'),
    asked(down),
  );
  action<[], CommonOptions & { policy?: string }>(
    aws
      .command('init')
      .description('write the settings of a deployment, and a policy to begin with, into this folder')
      .option(
        '--policy <file>',
        'policy to name; written from the example if it is not there (default: drydock.policy.yaml)',
      )
      .option('--region <name>', 'region of the deployment (default: as the AWS command line)'),
    init,
  );
}

/** A command whose calls of AWS fail with what a person can do. */
const asked =
  <O>(command: (output: Output, options: O) => Promise<ExitCode>): typeof command =>
  async (output, options) => {
    try {
      return await command(output, options);
    } catch (error) {
      throw asRefusal(error);
    }
  };
