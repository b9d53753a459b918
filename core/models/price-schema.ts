import { z } from 'zod';

const usd = z.number().nonnegative().max(1_000_000);
const perMillion = {
  input: usd.describe('Input that no cache serves.'),
  cached_input: usd.optional().describe('Input that a cache serves; as `input` if left out.'),
  output: usd,
};

/** Price of a model as the policy gives it, in US dollars per million tokens. */
export const modelPrice = z
  .strictObject({
    ...perMillion,
    cache_write: usd.optional().describe('Input that is written to a cache; as `input` if left out.'),
    cache_write_1h: usd
      .optional()
      .describe('Input that is written to a cache for an hour; as `cache_write` if left out.'),
    audio_input: usd.optional().describe('Sound; as `input` if left out.'),
    long_context: z
      .strictObject({ above_tokens: z.int().positive(), ...perMillion })
      .optional()
      .describe('Price of a whole request whose input has more tokens than this.'),
    context_tokens: z.int().positive().max(100_000_000).optional().describe('Tokens that the model takes at most.'),
    as_of: z.iso.date('Write a date such as 2026-11-20.').optional().describe('When the price was read.'),
    source: z.string().max(500).optional().describe('Where the price was read.'),
  })
  .describe('Price of a model, in US dollars per million tokens.');
export type ModelPrice = z.infer<typeof modelPrice>;
