import type { ModelEndpoint } from '../models/endpoint.ts';
import type { Policy } from '../policy/schema.ts';
import type { EffectiveTask } from '../run/effective-task.ts';
import type { CampaignSpec } from './part-schema.ts';

/** Says a fault of a field of the spec that names a profile. */
export type RefuseProfile = (path: string, message: string, name?: 'UnknownAgent' | 'UnknownPrice') => void;
export type OfProfile = (
  name: string,
  path: string,
  refuse: RefuseProfile,
) => { profile: Policy['agents']['profiles'][string] | undefined; endpoint: ModelEndpoint | undefined };

/**
 * What a campaign may use of the policy. The profiles of parts that the spec names are checked; where the coordinator
 * proposes the parts, it may name every profile that has no fault.
 */
export function campaignOf(
  { max_parallel, parts }: CampaignSpec,
  partAgent: string,
  policy: Policy,
  ofProfile: OfProfile,
  refuse: RefuseProfile,
): Pick<EffectiveTask, 'profiles' | 'partAgent'> {
  const { parallel_parts, usd_per_run } = policy.limits;
  if (max_parallel > parallel_parts)
    refuse('campaign.max_parallel', `${max_parallel} is above the policy's limits.parallel_parts, ${parallel_parts}.`);
  const asked = (parts ?? []).reduce((sum, { usd = 0 }) => sum + usd, 0);
  if (asked > usd_per_run)
    refuse(
      'campaign.parts',
      `The parts may cost ${asked} USD together, and the policy's limits.usd_per_run is ${usd_per_run}.`,
    );
  const profiles: NonNullable<EffectiveTask['profiles']> = {};
  const add = (name: string, path: string, said: RefuseProfile): void => {
    let faults = 0;
    const { profile, endpoint } = ofProfile(name, path, (...fault) => {
      faults += 1;
      said(...fault);
    });
    if (profile && faults === 0)
      profiles[name] = { agent: { name, ...profile }, ...(endpoint === undefined ? {} : { endpoint }) };
  };
  add(partAgent, 'agent', refuse);
  parts?.forEach(({ agent }, i) => {
    if (agent !== undefined && !Object.hasOwn(profiles, agent)) add(agent, `campaign.parts.${i}.agent`, refuse);
  });
  if (parts === undefined)
    for (const name of Object.keys(policy.agents.profiles)) if (name !== partAgent) add(name, '', () => undefined);
  return { profiles, partAgent };
}
