import { z } from 'zod';
import { regionPattern } from '../deployment/regions.ts';
import { upstreamUrlFault } from '../egress/upstream-url.ts';
import * as field from '../task-spec/fields.ts';

const baseUrl = field.refused(z.string().min(1).max(2_000), upstreamUrlFault('https://models.acme.example/v1'));
const common = {
  credential: z
    .union([z.literal('none'), field.name])
    .optional()
    .describe('A name under `credentials`, or `none`; by default the variables that the own tools of the vendor read.'),
  price_list: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,50}$/, 'Write a provider of the price list such as "azure".')
    .optional()
    .describe('Provider in the built-in price list whose models these are.'),
};

/** A model provider beside the built-in ones. */
export const modelProvider = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('openai'),
    base_url: baseUrl.describe('With the version: https://HOST/v1.'),
    ...common,
  }),
  z.strictObject({ kind: z.literal('anthropic'), base_url: baseUrl.describe('Without the version.'), ...common }),
  z.strictObject({ kind: z.literal('google'), base_url: baseUrl.describe('Without the version.'), ...common }),
  z.strictObject({
    kind: z.literal('bedrock'),
    region: z.string().regex(regionPattern, 'Write a region such as eu-central-1.'),
    base_url: baseUrl.optional().describe('Of a private endpoint; by default that of the region.'),
    ...common,
  }),
  z.strictObject({
    kind: z.literal('vertex'),
    project: z
      .string()
      .regex(/^[a-z][a-z0-9:.-]{4,62}$/, 'Write the id of a Google Cloud project, such as acme-models.'),
    location: z.string().regex(/^[a-z0-9-]{2,40}$/, 'Write a location such as global or europe-west4.'),
    base_url: baseUrl.optional().describe('By default that of the location.'),
    ...common,
  }),
]);
export type ModelProvider = z.infer<typeof modelProvider>;
