import { createHash } from 'node:crypto';
import { alarmsOf, openExecutions } from '../../../adapters/aws/account/activity.ts';
import { missingImages } from '../../../adapters/aws/account/images.ts';
import { parameterOf } from '../../../adapters/aws/account/parameters.ts';
import { findCloudStack } from '../../../adapters/aws/account/stacks.ts';
import { version } from '../../../common/package-info.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { ExitCode } from '../../terminal/exit-code.ts';
import { type Output, plain, print, table } from '../../terminal/output.ts';
import { neededImages } from './checks.ts';
import { type AwsOptions, openDeployment } from './settings.ts';

/** `drydock aws status`. @throws StackUnavailable if it is not deployed. */
export async function status(output: Output, options: AwsOptions): Promise<ExitCode> {
  const deployment = await openDeployment(options);
  const { aws, names } = deployment;
  const [run, kept, missing, alarms, address] = await Promise.all([
    findCloudStack(aws, names.run),
    findCloudStack(aws, names.kept),
    missingImages(aws, names.parameters, neededImages(deployment)),
    alarmsOf(aws, names.run),
    parameterOf(aws, names.address),
  ]);
  if (run === undefined) {
    throw new DrydockError('StackUnavailable', `${names.run} is not deployed in ${aws.region}.`, {
      remedy: 'Deploy it: drydock aws up',
    });
  }
  const runs = await openExecutions(aws, names.run);
  const file = createHash('sha256').update(deployment.policy.bytes).digest('hex');
  const deployed = run.outputs.PolicyDigest ?? '';
  const deployedVersion = versionIn(address);
  const document = {
    deployment: names.run,
    region: aws.region,
    stacks: { [names.run]: run.status, [names.kept]: kept?.status ?? 'deleted; what it kept is used' },
    outputs: run.outputs,
    versions: { command: version(), deployed: deployedVersion, missingImages: missing.map((image) => image.slice(1)) },
    policy: { file, deployed, same: file === deployed },
    alarms,
    openRuns: runs,
  };
  print(output, document, () =>
    table([
      ...Object.entries(document.stacks).map(([name, state]) => ['stack', name, plain(state)]),
      ...Object.entries(run.outputs).map(([name, value]) => ['output', name, plain(value)]),
      ['version', 'this command', version()],
      ['version', 'deployed', plain(deployedVersion ?? 'not known')],
      ...missing.map((image) => ['image', 'missing', image.slice(1)]),
      ['policy', file === deployed ? 'as deployed' : 'differs', plain(deployment.policy.file)],
      ...(alarms.length === 0
        ? [['alarms', 'none', '']]
        : alarms.map(({ name, says }) => ['ALARM', plain(name), plain(says)])),
      ['runs', 'unfinished', String(runs.length)],
    ]),
  );
  return 0;
}

/** The stack writes it beside its URLs. */
function versionIn(address: string | undefined): string | undefined {
  try {
    const { version: found } = JSON.parse(address ?? '{}') as { version?: unknown };
    return typeof found === 'string' ? found : undefined;
  } catch {
    return undefined;
  }
}
