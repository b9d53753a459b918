import { bootstrapCheck } from '../../../adapters/aws/account/bootstrap.ts';
import { type Identity, identityCheck, identityOf } from '../../../adapters/aws/account/identity.ts';
import { buildsCheck, imagesCheck } from '../../../adapters/aws/account/images.ts';
import { keptCheck, secretsCheck } from '../../../adapters/aws/account/kept.ts';
import { mailCheck } from '../../../adapters/aws/account/mail.ts';
import { modelCheck } from '../../../adapters/aws/account/models.ts';
import { fargateCheck, functionsCheck, networksCheck } from '../../../adapters/aws/account/quotas.ts';
import { row } from '../../../adapters/aws/account/row.ts';
import { serviceRoleCheck } from '../../../adapters/aws/account/service-role.ts';
import { findCloudStack, stackCheck } from '../../../adapters/aws/account/stacks.ts';
import { zonesCheck } from '../../../adapters/aws/account/zones.ts';
import { policyChecks } from '../../../adapters/aws/diagnose/policy.ts';
import { version } from '../../../common/package-info.ts';
import { storedKeys, undeployable } from '../../../core/deployment/deployable.ts';
import { stackDescriptions } from '../../../core/deployment/names.ts';
import { type Check, fail, pass } from '../../../core/doctor/finding.ts';
import { DrydockError } from '../../../core/errors.ts';
import { endpointOf } from '../../../core/models/of-policy.ts';
import type { Policy } from '../../../core/policy/schema.ts';
import { bootstrapArgs, shownCdk } from './cdk.ts';
import type { Deployment } from './settings.ts';

export interface Preflight {
  caller: Identity;
  policy: Policy | undefined;
  checks: Check[];
}

/** Whether the images are built in the account. */
export const buildsImages = ({ settings: { image_builds } }: Pick<Deployment, 'settings'>): boolean =>
  image_builds !== false;

/** The row about image builds that follows from the settings alone. */
export const buildsChecks = (deployment: Pick<Deployment, 'settings' | 'aws'>): Check[] =>
  buildsImages(deployment) ? buildsCheck(deployment.aws.region) : [];

/** Images that are built in the account; else those without which no run of a Node project starts. */
export function neededImages({ settings: { images = {}, image_builds } }: Pick<Deployment, 'settings'>): string[] {
  const built = image_builds === false ? undefined : image_builds?.images;
  const names = new Set(['gateway' as const, ...(built ?? (['node'] as const))]);
  return [...names].map((name) => (images[name] ? `@${images[name]}` : `:${name}-${version()}`));
}

/**
 * Everything that a deployment needs of an account, before anything is made: one row for each, in a fixed order, all asked
 * at the same time. Nothing is changed.
 * @throws SecretMissing without credentials that AWS takes; an error of the first call if AWS does not answer it, because no
 * other row would be known either.
 */
export async function preflight(deployment: Deployment): Promise<Preflight> {
  const { aws, names, settings } = deployment;
  const caller = await identityOf(aws);
  const { policy, checks: ofPolicy } = policyOf(deployment);
  const rows = [
    row('bootstrap', () => bootstrapCheck(aws, shownCdk(bootstrapArgs(caller.account, deployment)))),
    row('ECS role', () => serviceRoleCheck(aws)),
    row(`stack ${names.kept}`, () => stackCheck(aws, names.kept, stackDescriptions.kept)),
    row(`stack ${names.run}`, () => stackCheck(aws, names.run, stackDescriptions.run)),
    row('kept state', () => keptCheck(aws, names.kept, names.parameters)),
    row('functions', () => functionsCheck(aws)),
    row('networks', async () => networksCheck(aws, await networksToMake(deployment))),
    row('zones', () => zonesCheck(aws, settings.zone_names ?? settings.sandbox_network?.zones ?? settings.zones ?? 1)),
    row('images', () => imagesCheck(aws, names.parameters, neededImages(deployment), buildsImages(deployment))),
    ...(policy ? ofThePolicy(deployment, policy) : []),
  ];
  const found = (await Promise.all(rows)).flat();
  const first = [identityCheck(caller, settings.account), pass('region', aws.region)];
  return { caller, policy, checks: [...first, ...ofPolicy, ...found] };
}

/** The policy, with the faults that its deployment would fail with. */
export function policyOf({ policy: { bytes } }: Pick<Deployment, 'policy'>): Pick<Preflight, 'policy' | 'checks'> {
  const { policy, checks } = policyChecks(bytes);
  const refused = policy ? undeployable(policy).map((reason) => fail('policy', reason, 'Change the policy.')) : [];
  const others = refused.length === 0 ? checks : checks.filter(({ name, ok }) => name !== 'policy' || !ok);
  return { policy, checks: [...others, ...refused] };
}

function ofThePolicy({ aws, names }: Deployment, policy: Policy): Promise<Check[]>[] {
  const keys = storedKeys(policy).map(({ name }) => name);
  const { from } = policy.notify.email ?? {};
  return [
    row('Fargate', () => fargateCheck(aws, policy)),
    row('secrets', () => secretsCheck(aws, names, policy, keys)),
    ...(from === undefined ? [] : [row('mail', () => mailCheck(aws, from))]),
    ...bedrockModels(policy).map(({ region, model }) => row(`model ${model}`, () => modelCheck(aws, region, model))),
  ];
}

/** Models of Bedrock that profiles name, each once. */
function bedrockModels(policy: Policy): { region: string; model: string }[] {
  const models = Object.values(policy.agents.profiles).flatMap(({ provider, model, fallbacks = [] }) => {
    const endpoint = provider === undefined ? undefined : endpointOf(policy, provider);
    if (endpoint?.kind !== 'bedrock' || endpoint.region === undefined) return [];
    const { region } = endpoint;
    return [...(model === undefined ? [] : [model]), ...fallbacks].map((each) => ({ region, model: each }));
  });
  return [...new Map(models.map((each) => [`${each.region} ${each.model}`, each])).values()];
}

/** None if the stack is there, as it has them. */
async function networksToMake({ aws, names, settings }: Deployment): Promise<number> {
  if ((await findCloudStack(aws, names.run)) !== undefined) return 0;
  return [settings.sandbox_network, settings.egress?.network].filter((network) => network === undefined).length;
}

/** The error for checks that block; undefined if none does. */
export function blocked(checks: readonly Check[]): DrydockError | undefined {
  const failed = checks.filter(({ ok, required }) => required && !ok);
  if (failed.length === 0) return undefined;
  return new DrydockError('CheckFailed', failed.map(({ name, detail }) => `${name}: ${detail}`).join('\n'));
}
