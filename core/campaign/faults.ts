import { formatUsd } from '../money/format.ts';
import type { EffectiveTask } from '../run/effective-task.ts';
import type { Part } from './part.ts';

/** What a run may not do with the parts of a plan; all reasons, each with its part. */
export function partFaults(
  parts: readonly Part[],
  task: Pick<EffectiveTask, 'spec' | 'profiles' | 'limits'>,
): string[] {
  const { campaign } = task.spec;
  if (!campaign) return parts.length === 0 ? [] : ['The spec is not a campaign, so its plan has no parts.'];
  const profiles = Object.keys(task.profiles ?? {});
  const asked = parts.reduce((sum, { usd = 0 }) => sum + usd, 0);
  return [
    ...(parts.length > campaign.max_parts
      ? [`${parts.length} parts are more than the spec's campaign.max_parts, ${campaign.max_parts}.`]
      : []),
    ...(asked * 1_000_000 > task.limits.usdMicros
      ? [`The parts may cost ${asked} USD together, and the run ${formatUsd(task.limits.usdMicros)}.`]
      : []),
    ...parts.flatMap(({ id, agent }) =>
      agent === undefined || profiles.includes(agent)
        ? []
        : [`Part "${id}" names the agent profile "${agent}"; it may name ${profiles.join(', ')}.`],
    ),
  ];
}
