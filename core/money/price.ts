import { calcPrice, type Usage } from '@pydantic/genai-prices';

interface TokenUse {
  input: number;
  output: number;
  /** Part of `input` that was read from a cache. */
  cached: number;
}

/**
 * Cost of one request in micro-US-dollars, rounded up; undefined when the price of the model is unknown. The estimate
 * and the meter use the same offline list prices.
 */
export function costMicros(provider: string, model: string, usage: Usage): number | undefined {
  const price = calcPrice(usage, model, { providerId: provider });
  return price ? Math.max(0, Math.ceil(price.total_price * 1_000_000 - 1e-6)) : undefined;
}

export const priceMicros = (provider: string, model: string, use: TokenUse): number | undefined =>
  costMicros(provider, model, {
    input_tokens: use.input,
    output_tokens: use.output,
    cache_read_tokens: use.cached,
  });
