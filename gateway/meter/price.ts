import { calcPrice, findProvider } from '@pydantic/genai-prices';
import { costMicros } from '../../core/money/price.ts';

/** Used where the price list does not say how much a model can read. */
const LARGEST_CONTEXT = 2_000_000;

/** Tokens the model can read at most. */
function contextWindow(provider: string, model: string): number {
  return calcPrice({ input_tokens: 1 }, model, { providerId: provider })?.model.context_window ?? LARGEST_CONTEXT;
}

/**
 * What a call can cost at most: no tokenizer makes more than one token of a byte, and input may be written to the
 * vendor's cache, which costs more than reading it.
 */
export function worstCaseMicros(
  provider: string,
  model: string,
  request: { inputBytes: number; refersOutside: boolean; maxOutput: number; answers: number },
): number | undefined {
  const window = contextWindow(provider, model);
  const input = request.refersOutside ? window : Math.min(window, request.inputBytes);
  const output = request.maxOutput * request.answers;
  const plain = costMicros(provider, model, { input_tokens: input, output_tokens: output });
  if (plain === undefined || provider !== 'anthropic') return plain;
  const written = { input_tokens: input, cache_write_tokens: input, output_tokens: output };
  const longer = costMicros(provider, model, { ...written, cache_write_1h_tokens: input });
  return Math.max(plain, costMicros(provider, model, written) ?? 0, longer ?? 0);
}

export const providerOf = (id: string) => findProvider({ providerId: id });
