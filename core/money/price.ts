import { calcPrice } from '@pydantic/genai-prices';

export interface TokenUse {
  input: number;
  output: number;
  /** Part of `input` that was read from a cache. */
  cached: number;
}

/** Price of one request in micros, rounded up; undefined for a model whose price is not known. Offline list prices. */
export function priceMicros(provider: string, model: string, use: TokenUse): number | undefined {
  const price = calcPrice(
    { input_tokens: use.input, output_tokens: use.output, cache_read_tokens: use.cached },
    model,
    { providerId: provider },
  );
  return price ? Math.max(0, Math.ceil(price.total_price * 1_000_000 - 1e-6)) : undefined;
}
