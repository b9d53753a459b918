import { calcPrice, findProvider } from '@pydantic/genai-prices';
import { costMicros } from '../../core/money/price.ts';

/** Used if the price list does not contain the model's context window. */
const maxContext = 2_000_000;

/** Maximum number of input tokens of the model. */
function contextWindow(provider: string, model: string): number {
  return calcPrice({ input_tokens: 1 }, model, { providerId: provider })?.model.context_window ?? maxContext;
}

/**
 * The maximum cost of a call in micros. Tokenizers produce at most one token per byte, and input may be written to the
 * vendor's cache, which costs more than plain input.
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
