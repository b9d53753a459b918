import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Aws, openAws } from '../../../adapters/aws/account/client.ts';
import { type DeploymentNames, deploymentNames } from '../../../core/deployment/names.ts';
import { type DeploymentSettings, parseSettings, settingsFile } from '../../../core/deployment/settings.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { CommonOptions } from '../../command.ts';
import { unreadable } from '../../config/unreadable.ts';
import { openAccount } from '../../remote/account.ts';

export interface AwsOptions extends CommonOptions {
  settings?: string;
}

/** A deployment as its file describes it, and the account that it belongs to. */
export interface Deployment {
  /** Absolute path of the settings. */
  file: string;
  settings: DeploymentSettings;
  names: DeploymentNames;
  /** Absolute path of the policy, and its bytes. */
  policy: { file: string; bytes: Uint8Array };
  aws: Aws;
  /** Selects the deployment, for commands that speak to it. */
  target: { stack: string; region: string; profile?: string };
}

export const settingsOption = ['--settings <file>', `settings of the deployment (default: ${settingsFile})`] as const;

/**
 * Reads the settings and finds the account.
 * @throws UsageError for settings with faults, and for a region that contradicts them; FileUnreadable.
 */
export async function openDeployment(options: AwsOptions): Promise<Deployment> {
  const file = resolve(options.settings ?? settingsFile);
  if (options.settings === undefined && !existsSync(file)) {
    throw new DrydockError('UsageError', `There is no ${settingsFile} in this folder.`, {
      remedy: 'Write it with `drydock aws init`, or name another file with --settings.',
    });
  }
  const settings = parsed(file, read('settings', file));
  const { region, name } = settings;
  if (region !== undefined && options.region !== undefined && region !== options.region) {
    throw new DrydockError('UsageError', `--region is ${options.region}, and ${file} says ${region}.`, {
      remedy: 'Omit --region, or correct the file.',
    });
  }
  const given = { ...options, ...(region === undefined ? {} : { region }) };
  const account = await openAccount(given, process.env, `, or write \`region\` in ${file}`);
  if (account.region.startsWith('cn-')) {
    throw new DrydockError('UsageError', `${account.region} is in China, whose names of endpoints differ.`, {
      remedy: 'Choose a commercial region or one of GovCloud.',
    });
  }
  const policy = resolve(dirname(file), settings.policy);
  return {
    file,
    settings,
    names: deploymentNames(name),
    policy: { file: policy, bytes: read('policy', policy) },
    aws: openAws(account),
    target: {
      stack: name,
      region: account.region,
      ...(options.profile === undefined ? {} : { profile: options.profile }),
    },
  };
}

function parsed(file: string, bytes: Uint8Array): DeploymentSettings {
  const { settings, problems } = parseSettings(bytes);
  if (settings) return settings;
  const faults = problems.map(({ line, column, rule, message }) => `${file}:${line}:${column} ${rule}: ${message}`);
  throw new DrydockError('UsageError', `The settings of the deployment have faults:\n${faults.join('\n')}`, {
    remedy: 'Correct each at its line; schemas/aws.schema.json describes the file.',
    details: problems,
  });
}

function read(what: string, file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw unreadable(what, file, error, `Correct the path, or write the ${what}: docs/aws.md, Settings.`);
  }
}
