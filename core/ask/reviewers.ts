import type { OfProfile, RefuseProfile } from '../campaign/of-policy.ts';
import type { Policy } from '../policy/schema.ts';
import type { EffectiveTask } from '../run/effective-task.ts';
import type { TaskSpec } from '../task-spec/schema.ts';

type Profiles = NonNullable<EffectiveTask['profiles']>;

/**
 * The agents that review each change: those of the policy, then those that the spec adds. Who writes a change, or a part of
 * it, does not review it.
 * @param profiles Those that parts of a campaign may have; reviewers are taken out of them.
 */
export function reviewersOf(
  spec: Pick<TaskSpec, 'reviewers' | 'campaign'>,
  policy: Policy,
  writers: { agentName: string; partAgent: string },
  ofProfile: OfProfile,
  refuse: (path: string, message: string) => void,
  profiles: Profiles | undefined,
): { reviewers: EffectiveTask['reviewers']; profiles: Profiles | undefined } {
  const added = spec.reviewers ?? [];
  const names = [...new Set([...policy.review.reviewers, ...added])];
  const named = (spec.campaign?.parts ?? []).flatMap(({ agent }) => agent ?? []);
  const writing = new Set([writers.agentName, writers.partAgent, ...named]);
  const own: RefuseProfile = refuse;
  const reviewers = names.flatMap((name) => {
    const path = added.includes(name) ? `reviewers.${added.indexOf(name)}` : 'agent';
    const { profile, endpoint } = ofProfile(name, path, own);
    if (writing.has(name))
      refuse(path, `"${name}" writes the change, so that it may not review it. Name another profile.`);
    return profile === undefined
      ? []
      : [{ agent: { name, ...profile }, ...(endpoint === undefined ? {} : { endpoint }) }];
  });
  if (reviewers.length === 0) return { reviewers: undefined, profiles };
  const others = profiles && Object.entries(profiles).filter(([name]) => !names.includes(name));
  return { reviewers, profiles: others && Object.fromEntries(others) };
}
