import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
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
    copyFileSync(join(packageRoot(), 'examples/aws/drydock.policy.yaml'), policy);
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
