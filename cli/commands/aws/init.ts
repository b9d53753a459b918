import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { packageRoot } from '../../../common/package-info.ts';
import { parseSettings, settingsFile } from '../../../core/deployment/settings.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { CommonOptions } from '../../command.ts';
import type { ExitCode } from '../../terminal/exit-code.ts';
import { type Output, print } from '../../terminal/output.ts';

interface InitOptions extends CommonOptions {
  policy?: string;
}

const defaultPolicy = 'drydock.policy.yaml';

/** `drydock aws init`: the two files that a deployment is made from. Existing ones are not overwritten. */
export async function init(output: Output, { policy = defaultPolicy, region }: InitOptions): Promise<ExitCode> {
  if (existsSync(settingsFile)) {
    throw new DrydockError('UsageError', `${settingsFile} is there already.`, {
      remedy: 'Edit it, and look at the plan: drydock aws up --dry-run',
    });
  }
  const text = settingsText(policy, region);
  const faults = parseSettings(Buffer.from(text)).problems.map(({ message }) => message);
  if (faults.length > 0) {
    throw new DrydockError('UsageError', faults.join('\n'), { remedy: 'Correct --region or --policy.' });
  }
  const makesPolicy = !existsSync(policy);
  if (makesPolicy) {
    mkdirSync(dirname(policy), { recursive: true });
    writeFileSync(policy, policyText(region), { flag: 'wx' });
  }
  writeFileSync(settingsFile, text, { flag: 'wx' });
  const written = [settingsFile, ...(makesPolicy ? [policy] : [])].map((file) => resolve(file));
  const next = [`edit ${written.join(' and ')}`, 'drydock aws up --dry-run', 'drydock aws up'];
  print(output, { written, next }, () => [
    ...written.map((file) => `wrote     ${file}`),
    ...next.map((line) => `next      ${line}`),
  ]);
  return 0;
}

/** The example, whose models are those of the region. */
function policyText(region: string | undefined): string {
  const example = readFileSync(join(packageRoot(), 'examples/aws/drydock.policy.yaml'), 'utf8');
  if (region === undefined) return example;
  // Inference profiles stay in the geography that they are named after; `global` is of all commercial regions.
  // https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
  const geography = /^(us-gov|us|eu)-/.exec(region)?.[1] ?? 'global';
  return example
    .replace('kind: bedrock, region: us-east-1', `kind: bedrock, region: ${region}`)
    .replace('model: us.anthropic.', `model: ${geography}.anthropic.`);
}

const settingsText = (
  policy: string,
  region: string | undefined,
): string => `# A deployment of Drydock on AWS: docs/aws.md, Settings.
# yaml-language-server: $schema=${join(packageRoot(), 'schemas/aws.schema.json')}
version: 1
name: Drydock
policy: ${JSON.stringify(policy)}
${region === undefined ? '# region: eu-central-1    # default: AWS_REGION, or that of your AWS configuration' : `region: ${region}`}
zones: 1                   # a second one costs about 15 USD a month
# alarms: {email: ops@acme.example}
`;
