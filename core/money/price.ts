import {
  calcPrice,
  findProvider,
  type ModelInfo,
  type Provider,
  TieredPrices,
  type Usage,
} from '@pydantic/genai-prices';
import type { ModelPrice } from '../models/price-schema.ts';

/** Where the prices of a provider's models are found. */
export interface Prices {
  /** Id of a provider in the price list, whose models and forms of usage these are; none of a server of one's own. */
  list?: string | undefined;
  /** Prices of the policy by model; they go before the list. */
  own?: Readonly<Record<string, ModelPrice>> | undefined;
}

interface TokenUse {
  input: number;
  output: number;
  /** Part of `input` that was read from a cache. */
  cached: number;
}

/** The price of one model, and where it is from. */
interface FoundPrice {
  model: ModelInfo;
  /**
   * `policy`, `list`, or `assumed`: the list does not know the model, and its dearest model counts, so that no cap is
   * exceeded.
   */
  from: 'policy' | 'list' | 'assumed';
}

/** A model as a line under `prices` of the policy names it, for remedies. */
export const priceLine = (provider: string, model: string): string =>
  `prices: {"${provider}/${model}": {input: …, output: …}}, in US dollars per million tokens`;

/** What people are told about an assumed price. */
export const assumedPrice = (provider: string, model: string, found: FoundPrice): string =>
  `The price list does not know ${provider}/${model}; calls are charged as ${found.model.id}, the dearest model of the list. Write ${priceLine(provider, model)}.`;

const micros = (usd: number): number => Math.max(0, Math.ceil(usd * 1_000_000 - 1e-6));

/** Models that were looked up, which takes longer than to work out a price. Their names come from agents, so their number is bounded. */
const lookedUp = new WeakMap<Prices, Map<string, FoundPrice | undefined>>();
const maxLookedUp = 100;

/** @returns undefined if there is no price: the provider is not in the list, and the policy has none. */
export function priceOf(prices: Prices, model: string): FoundPrice | undefined {
  let models = lookedUp.get(prices);
  if (models === undefined || models.size > maxLookedUp) {
    models = new Map();
    lookedUp.set(prices, models);
  }
  if (!models.has(model)) models.set(model, lookUp(prices, model));
  return models.get(model);
}

function lookUp({ list, own = {} }: Prices, model: string): FoundPrice | undefined {
  const given = Object.hasOwn(own, model) ? own[model] : undefined;
  if (given !== undefined) return { model: ownModel(model, given), from: 'policy' };
  const provider = list === undefined ? undefined : findProvider({ providerId: list });
  if (provider === undefined) return undefined;
  const found = calcPrice({ input_tokens: 1 }, model, { provider })?.model;
  if (found !== undefined) return { model: withHour(found), from: 'list' };
  const assumed = dearest(provider);
  return assumed && { model: assumed, from: 'assumed' };
}

/**
 * Cost of one request in micro-US-dollars, rounded up; undefined when there is no price. The estimate and the meter use the
 * same prices.
 * @param factor What a tier or a region multiplies the price by; before rounding, which is done once.
 */
export function costMicros(prices: Prices, model: string, usage: Usage, factor = 1): number | undefined {
  const found = priceOf(prices, model);
  return found && costOf(found.model, usage, factor);
}

export const priceMicros = (prices: Prices, model: string, use: TokenUse): number | undefined =>
  costMicros(prices, model, {
    input_tokens: use.input,
    output_tokens: use.output,
    cache_read_tokens: use.cached,
  });

/** @returns undefined for a usage that contradicts itself, such as more cached tokens than tokens, or whose cost is no count. */
function costOf(model: ModelInfo, usage: Usage, factor: number): number | undefined {
  try {
    const cost = micros(usdOf(model, usage) * factor);
    return Number.isSafeInteger(cost) ? cost : undefined;
  } catch {
    return undefined;
  }
}

function usdOf(model: ModelInfo, usage: Usage): number {
  const only = { ...model, match: { equals: model.id } };
  const provider: Provider = { id: 'one', name: 'one', api_pattern: '', models: [only] };
  return calcPrice(usage, model.id, { provider })?.total_price ?? 0;
}

/** What is written to a cache for an hour costs 2 times the input, for five minutes 1.25 times. */
const hourOverMinutes = 2 / 1.25;

/**
 * The list lacks the price of a cache for an hour for most models of Anthropic at other vendors, which ask for the same
 * (https://platform.claude.com/docs/en/about-claude/pricing).
 */
function withHour(model: ModelInfo): ModelInfo {
  if (Array.isArray(model.prices) || !model.id.includes('claude')) return model;
  const { cache_write_mtok: write, cache_write_1h_mtok: hour } = model.prices;
  if (typeof write !== 'number' || hour !== undefined) return model;
  return { ...model, prices: { ...model.prices, cache_write_1h_mtok: write * hourOverMinutes } };
}

/** A call as agents make them; its price orders the models of a provider. */
const usual: Usage = { input_tokens: 20_000, output_tokens: 2_000 };
const dearestOf = new Map<string, ModelInfo | undefined>();

/** The dearest model of a provider in the list, with the dearest price of what is written to a cache. */
function dearest(provider: Provider): ModelInfo | undefined {
  if (!dearestOf.has(provider.id)) {
    const priced = provider.models.map((model) => ({ model, usd: usdOf(model, usual) }));
    const model = priced.sort((a, b) => b.usd - a.usd)[0]?.model;
    dearestOf.set(provider.id, model && withCache(model, provider));
  }
  return dearestOf.get(provider.id);
}

const writes = ['cache_write_mtok', 'cache_write_1h_mtok'] as const;

/** The list lacks the prices of a cache for some old models, which are the dearest ones. */
function withCache(model: ModelInfo, { models }: Provider): ModelInfo {
  const { prices } = withHour(model);
  if (Array.isArray(prices)) return model;
  const found = models.flatMap((each) => {
    const { prices: others } = withHour(each);
    return Array.isArray(others) ? [] : [others];
  });
  const raised = writes.flatMap((key) => {
    const usd = Math.max(...found.map((others) => top(others[key])));
    return usd > top(prices[key] ?? prices.input_mtok) ? [[key, usd]] : [];
  });
  return { ...model, prices: { ...prices, ...Object.fromEntries(raised) } };
}

const top = (price: number | TieredPrices | undefined): number =>
  typeof price === 'object' ? Math.max(price.base, ...price.tiers.map((tier) => tier.price)) : (price ?? 0);

const soundKeys = ['input_audio_mtok', 'cache_audio_read_mtok', 'cache_audio_write_mtok'];

/** The policy's price in the form of the list, which charges what has no price of its own as what it is a part of. */
function ownModel(id: string, price: ModelPrice): ModelInfo {
  const long = price.long_context;
  const tiered = (base: number, above: number): number | TieredPrices =>
    long === undefined ? base : new TieredPrices({ base, tiers: [{ start: long.above_tokens, price: above }] });
  // Prices of input without one of their own for a long context grow as that of input does; from nothing, to that of input.
  const grown = (usd: number): number => {
    if (long === undefined) return usd;
    return price.input === 0 ? Math.max(usd, long.input) : usd * (long.input / price.input);
  };
  const input = (name: string, usd: number | undefined, above?: number) =>
    usd === undefined ? {} : { [name]: tiered(usd, above ?? grown(usd)) };
  return {
    id,
    match: { equals: id },
    ...(price.context_tokens === undefined ? {} : { context_window: price.context_tokens }),
    prices: {
      ...input('input_mtok', price.input, long?.input),
      ...input('cache_read_mtok', price.cached_input ?? price.input, long?.cached_input),
      ...input('cache_write_mtok', price.cache_write),
      ...input('cache_write_1h_mtok', price.cache_write_1h),
      // The library asks for a price of each kind that sound and caches have in common.
      ...Object.assign({}, ...soundKeys.map((key) => input(key, price.audio_input))),
      ...(price.cache_write_1h === undefined ? {} : input('cache_audio_write_1h_mtok', price.audio_input)),
      output_mtok: tiered(price.output, long?.output ?? price.output),
    },
  };
}
