import type { Usage } from '@pydantic/genai-prices';
import type { ModelEndpoint, ProviderKind } from '../../core/models/endpoint.ts';
import { costMicros, priceOf } from '../../core/money/price.ts';
import { type Media, noMedia } from '../dialects/dialect.ts';

/** Used if the price list does not contain the model's context window, or a request asks for a longer one. */
const maxContext = 2_000_000;

/**
 * Maximum number of tokens of one image, by provider; above what their models make of the largest one that they accept:
 * 4,784 (Anthropic, 2,576 pixels), 4,386 (Google, 17 tiles of 258), 48,169 (OpenAI, gpt-4o-mini with 8 tiles).
 */
const imageTokens: Readonly<Partial<Record<ProviderKind, number>>> = {
  anthropic: 5_000,
  google: 6_000,
  vertex: 6_000,
  openai: 50_000,
};

/** The vendor's own instructions for the tools of a request, which are charged as well: 735 for the largest one. */
const addedTokens: Readonly<Partial<Record<ProviderKind, number>>> = { anthropic: 2_500, bedrock: 2_500 };

/** A workspace at Anthropic may process in one region only by default, which costs a tenth more. */
const surcharges: Readonly<Partial<Record<ProviderKind, number>>> = { anthropic: 1.1 };

/**
 * The kinds of tokens that have prices of their own. Which of them a vendor will charge is known after the call, so the
 * dearest counts: input may be written to the vendor's cache, for an hour at twice the price, and may be sound.
 */
const inputKinds: ((tokens: number) => Usage)[] = [
  () => ({}),
  (tokens) => ({ cache_write_tokens: tokens }),
  (tokens) => ({ cache_write_tokens: tokens, cache_write_1h_tokens: tokens }),
];
const mediaKinds: ((tokens: number) => Usage)[] = [
  (tokens) => ({ input_audio_tokens: tokens }),
  (tokens) => ({ input_image_tokens: tokens }),
  (tokens) => ({ input_video_tokens: tokens }),
];
const outputKinds: ((tokens: number) => Usage)[] = [
  () => ({}),
  (tokens) => ({ output_image_tokens: tokens }),
  (tokens) => ({ output_audio_tokens: tokens }),
];

/** Maximum number of input tokens of the model. */
function contextWindow({ prices }: Endpoint, model: string): number {
  const found = priceOf(prices, model);
  return (found?.from === 'assumed' ? undefined : found?.model.context_window) ?? maxContext;
}

export type Endpoint = Pick<ModelEndpoint, 'kind' | 'prices'>;

/** Where the price of a model is from; `list` also for a model without one, which is not called. */
export const priceSource = ({ prices }: Endpoint, model: string) => priceOf(prices, model)?.from ?? 'list';

interface Bounds {
  inputBytes: number;
  refersOutside: boolean;
  media?: Media;
  maxOutput: number;
  answers: number;
  /** Whether the request asks for a longer context than that of the list. */
  longContext?: boolean;
}

/**
 * The maximum cost of a call in micros; `undefined` if the price is unknown. Tokenizers produce at most one token per
 * byte of text; of other content the kind decides.
 */
export function worstCaseMicros(endpoint: Endpoint, model: string, request: Bounds): number | undefined {
  const { kind, prices } = endpoint;
  const { media = noMedia } = request;
  const window = request.longContext === true ? maxContext : contextWindow(endpoint, model);
  const text = request.inputBytes - media.imageBytes + (addedTokens[kind] ?? 0);
  const images = media.images * (imageTokens[kind] ?? window);
  const unbounded = request.refersOutside || media.unbounded > 0;
  const input = unbounded ? window : Math.min(window, text + images);
  const output = request.maxOutput * request.answers;
  const kinds = media.images + media.unbounded > 0 ? [...inputKinds, ...mediaKinds] : inputKinds;
  const costs = kinds.flatMap((inputKind) =>
    outputKinds.flatMap((outputKind) => {
      const usage = { input_tokens: input, output_tokens: output, ...inputKind(input), ...outputKind(output) };
      return costMicros(prices, model, usage, surcharges[kind]) ?? [];
    }),
  );
  return costs.length === 0 ? undefined : Math.max(...costs);
}

/** OpenAI and Azure charge half for what they do when they have time (https://developers.openai.com/api/docs/guides/flex-processing). */
const flexLists: readonly (string | undefined)[] = ['openai', 'azure'];

/** What the vendor said of how it processed a call, which decides its price. */
export interface Processing {
  /** In one region only. */
  regional: boolean;
  /** `other`: a tier that was not asked for, and whose price is not known. */
  tier: 'standard' | 'flex' | 'other';
}

/** The cost of a call as the vendor reported its usage; `undefined` if the price is unknown. */
export function reportedMicros(
  { kind, prices }: Endpoint,
  model: string,
  usage: Usage,
  { regional, tier }: Processing,
): number | undefined {
  // Other servers with this interface have tiers of the same name at the same price, or at one of their own.
  const priced = flexLists.includes(prices.list);
  if (tier === 'other' && (priced || kind === 'google')) return undefined;
  const flex = tier === 'flex' && priced ? 0.5 : 1;
  return costMicros(prices, model, usage, flex * (regional ? (surcharges[kind] ?? 1) : 1));
}
