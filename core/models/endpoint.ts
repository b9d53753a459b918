import { z } from 'zod';
import { credentialSource } from '../egress/rule.ts';
import type { Prices } from '../money/price.ts';
import { modelPrice } from './price-schema.ts';

/** The interfaces of model providers that the gateway reads. */
export const providerKinds = ['anthropic', 'google', 'openai', 'bedrock', 'vertex'] as const;
export type ProviderKind = (typeof providerKinds)[number];

/** How the model provider of a run is reached and what its models cost. It holds no secret. */
export const modelEndpoint = z.strictObject({
  kind: z.enum(providerKinds),
  /** Base URL; absent for the public one of the kind. */
  baseUrl: z.string().optional(),
  /** Region at Amazon, location at Google. */
  region: z.string().optional(),
  /** Project at Google. */
  project: z.string().optional(),
  /** Where its credential is found; `none` where it asks for none; absent: the usual variables of the provider. */
  credential: z.union([z.literal('none'), credentialSource]).optional(),
  prices: z.strictObject({
    /** Id of a provider in the price list. */
    list: z.string().optional(),
    /** Prices of the policy, by model. */
    own: z.record(z.string(), modelPrice).optional(),
  }),
});
export type ModelEndpoint = z.infer<typeof modelEndpoint>;

/** The endpoint of a provider that no policy describes. */
export const builtInKinds: readonly string[] = ['anthropic', 'google', 'openai'] satisfies ProviderKind[];

/** An endpoint for a name without one, as runs have it that an earlier version stored. */
export const publicEndpoint = (provider: string): ModelEndpoint => ({
  kind: z.enum(providerKinds).catch('openai').parse(provider),
  prices: { list: provider } satisfies Prices,
});
