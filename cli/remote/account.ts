import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { callJson, type Keys, ServiceFault } from '../../adapters/aws/signed.ts';
import { regionPattern } from '../../core/deployment/regions.ts';
import { DrydockError } from '../../core/errors.ts';
import { home } from '../config/home.ts';

/** Options that select a deployment, from flags or the environment. */
export interface StackOptions {
  stack?: string;
  region?: string;
  profile?: string;
}

/** URLs and version of a deployment, from the parameter that its stack wrote. */
export interface StackAddress {
  operate: string;
  diagnose?: string;
  setup?: string;
  webhook?: string;
  web?: string;
  version: string;
}

export interface Account {
  region: string;
  keys(): Promise<Keys>;
}

/**
 * The caller's account, with credentials from the same sources as in the AWS command line.
 * @param elsewhere Another place where a person can write the region.
 * @throws UsageError without a valid region.
 */
export async function openAccount(options: StackOptions, env = process.env, elsewhere = ''): Promise<Account> {
  const profile = options.profile ?? (env.AWS_PROFILE || undefined);
  const region =
    options.region ?? (env.AWS_REGION || env.AWS_DEFAULT_REGION || regionOf(profile ?? 'default', env) || undefined);
  if (region === undefined || !regionPattern.test(region)) {
    const message = region === undefined ? 'The region of the stack is unknown.' : `The region ${region} is invalid.`;
    throw new DrydockError('UsageError', message, {
      remedy: `Give --region, or set AWS_REGION${elsewhere}: for example eu-central-1.`,
    });
  }
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
  const provider = defaultProvider(profile === undefined ? {} : { profile });
  return {
    region,
    async keys() {
      try {
        return await provider();
      } catch {
        // The original message is not shown: it may contain files, commands and their output.
        throw new DrydockError('SecretMissing', 'No valid AWS credentials were found.', {
          remedy: 'Log in, for example with `aws sso login`, and give --profile or set AWS_PROFILE.',
        });
      }
    },
  };
}

/** @throws StackUnavailable, ServiceRefused, SecretMissing. */
export async function findStack(account: Account, stack: string): Promise<StackAddress> {
  const { region } = account;
  const name = `/drydock/stacks/${stack}`;
  const where = `${stack} in ${region}`;
  const keys = await account.keys();
  let answer: Record<string, unknown>;
  try {
    answer = await callJson({ service: 'ssm', target: 'AmazonSSM.GetParameter', region, keys }, { Name: name });
  } catch (error) {
    if (!(error instanceof ServiceFault)) throw unreachable(`AWS in ${region}`);
    if (error.code === 'ParameterNotFound') {
      throw new DrydockError('StackUnavailable', `There is no Drydock stack ${where}.`, {
        remedy: 'Check --stack, --region and --profile; an older deployment must be deployed again first.',
      });
    }
    if (/AccessDenied/.test(error.code)) {
      throw new DrydockError('ServiceRefused', `Your role may not read ${name}.`, { remedy: grantIt });
    }
    if (/Token|Signature|UnrecognizedClient|Expired/.test(error.code)) throw badCredentials(error.code);
    throw new DrydockError('StackUnavailable', `AWS answered ${error.code.slice(0, 80)} to the request for ${name}.`);
  }
  return addressOf(answer, where);
}

export const grantIt = 'Ask the operator to call `grantApprove` for your role in the CDK app, and to deploy it.';

export const badCredentials = (code: string): DrydockError =>
  new DrydockError('SecretMissing', `AWS refused your credentials: ${code.slice(0, 80)}.`, {
    remedy: 'Log in again, for example with `aws sso login`; check that the clock of this machine is right.',
  });

export const unreachable = (what: string): DrydockError =>
  new DrydockError('StackUnavailable', `${what} does not answer.`, {
    remedy: 'Check the network and --region, and try again.',
  });

function addressOf(answer: Record<string, unknown>, where: string): StackAddress {
  const { Value } = (answer.Parameter ?? {}) as { Value?: unknown };
  let address: Partial<Record<keyof StackAddress, unknown>> = {};
  try {
    address = (JSON.parse(String(Value)) ?? {}) as typeof address;
  } catch {
    // An empty address is reported below.
  }
  const { version, ...urls } = address;
  if (typeof version === 'string' && typeof urls.operate === 'string' && Object.values(urls).every(isSafe))
    return address as StackAddress;
  throw new DrydockError('StackUnavailable', `The address parameter of ${where} is invalid.`, {
    remedy: 'Deploy the stack again; the parameter was changed.',
  });
}

/** Signed requests require HTTPS, except on this machine. */
function isSafe(text: unknown): boolean {
  const url = typeof text === 'string' ? URL.parse(text) : null;
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && url.hostname === '127.0.0.1');
}

/** `region` of a profile in the AWS config file. */
function regionOf(profile: string, env: NodeJS.ProcessEnv): string | undefined {
  let text: string;
  try {
    text = readFileSync(env.AWS_CONFIG_FILE || join(home(env), '.aws', 'config'), 'utf8');
  } catch {
    return undefined;
  }
  let here = false;
  for (const line of text.split('\n')) {
    const [, section] = /^\s*\[(?:\s*profile\s)?([^\]]+)\]/.exec(line) ?? [];
    if (section !== undefined) here = section.trim() === profile;
    const [, value] = /^region\s*=\s*(\S+)/.exec(line) ?? [];
    if (here && value !== undefined) return value;
  }
  return undefined;
}
