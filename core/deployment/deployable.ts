import { isLoopback } from '../models/local-host.ts';
import { endpointOf } from '../models/of-policy.ts';
import type { Policy } from '../policy/schema.ts';

/** Why a policy that is valid on one machine cannot be deployed. */
export function undeployable(policy: Policy): string[] {
  return [
    ...(policy.review.solo
      ? ['review.solo lets one person approve alone; on AWS, list the people and the approvers.']
      : []),
    ...(policy.guard.advisories === undefined
      ? []
      : ['guard.advisories is a folder of one machine, which no function on AWS reads.']),
    ...Object.entries(policy.providers)
      .filter(([, { base_url: url }]) => url !== undefined && isLoopback(new URL(url).hostname))
      .map(([name]) => `providers.${name} is on the loopback of one machine, which no gateway on AWS reaches.`),
  ];
}

export interface StoredKey {
  /** Its name in the secret ModelKeys. */
  name: string;
  /** What it is for. */
  purpose: string;
  /** A whole file, which nobody types. */
  file: boolean;
}

/** What a deployment with this policy needs in the secret ModelKeys: keys of model providers, and other credentials. */
export function storedKeys(policy: Policy): StoredKey[] {
  const providers = new Set(Object.values(policy.agents.profiles).flatMap(({ provider }) => provider ?? []));
  const keys = [...providers].flatMap((provider): StoredKey[] => {
    const endpoint = endpointOf(policy, provider);
    const source = endpoint?.credential;
    if (source === 'none' || (endpoint?.kind === 'bedrock' && source === undefined)) return [];
    const purpose = `key of the model provider ${provider}`;
    return [{ name: source?.env ?? provider, purpose, file: endpoint?.kind === 'vertex' && source === undefined }];
  });
  const others = Object.entries(policy.credentials).map(([name, { env }]) => ({
    name: env,
    purpose: `credential ${name} of the policy`,
    file: false,
  }));
  return [...new Map([...others, ...keys].map((key) => [key.name, key])).values()];
}
