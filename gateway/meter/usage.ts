import { extractUsage, findProvider, type Usage } from '@pydantic/genai-prices';
import { type JsonLimits, parseJson } from '../../core/bounded-json.ts';
import { LineSplitter } from '../../core/text/lines.ts';
import type { UsageForm } from '../dialects/dialect.ts';
import { EventFrames } from './event-frames.ts';
import type { Processing } from './price.ts';

type Json = Record<string, unknown>;
const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Limit in bytes for one event of a stream, and for an answer in one piece. A longer one is forwarded and not parsed, and
 * its call is charged with the worst case.
 */
const maxRead = 16 * 1024 * 1024;
const limits: JsonLimits = { depth: 200, values: 1_000_000 };

/** How each form of usage is read. */
interface Form {
  /** The extractor of the price list: its provider and form. */
  extractor: { provider: string; flavor: string };
  /** Field of the answer that holds the usage. */
  root: string;
  /** Fields that a vendor always reports, of which any one of each group will do. Google leaves out what is zero. */
  required: readonly (readonly string[])[];
  /** The vendor's sum, and what it is the sum of; output that the other fields leave out is the difference. */
  sum?: { total: string; others: readonly string[]; output: string };
}

const forms: Readonly<Record<UsageForm, Form>> = {
  google: {
    extractor: { provider: 'google', flavor: 'default' },
    root: 'usageMetadata',
    required: [['promptTokenCount'], ['candidatesTokenCount', 'totalTokenCount']],
    sum: {
      total: 'totalTokenCount',
      others: ['promptTokenCount', 'toolUsePromptTokenCount', 'thoughtsTokenCount'],
      output: 'candidatesTokenCount',
    },
  },
  anthropic: {
    extractor: { provider: 'anthropic', flavor: 'default' },
    root: 'usage',
    required: [['input_tokens'], ['output_tokens']],
  },
  chat: {
    extractor: { provider: 'openai', flavor: 'chat' },
    root: 'usage',
    required: [['prompt_tokens'], ['completion_tokens']],
    sum: { total: 'total_tokens', others: ['prompt_tokens'], output: 'completion_tokens' },
  },
  responses: {
    extractor: { provider: 'openai', flavor: 'responses' },
    root: 'usage',
    required: [['input_tokens'], ['output_tokens']],
    sum: { total: 'total_tokens', others: ['input_tokens'], output: 'output_tokens' },
  },
  converse: {
    extractor: { provider: 'aws', flavor: 'default' },
    root: 'usage',
    required: [['inputTokens'], ['outputTokens']],
    sum: {
      total: 'totalTokens',
      others: ['inputTokens', 'cacheReadInputTokens', 'cacheWriteInputTokens'],
      output: 'outputTokens',
    },
  },
};

/** How an answer ended, which decides what its call is charged. */
export type Ending =
  /** With the usage that the vendor reports. */
  | 'complete'
  /** Before its end: the vendor, the network or the time limit cut it off. */
  | 'cut'
  /** With an error event, after it had begun. */
  | 'error'
  /** With an error event and nothing else: the vendor did no work. */
  | 'refused'
  /** Without a usage, or with one that lacks a field or contradicts itself. */
  | 'no-usage';

/**
 * Reads the usage from an answer while it is forwarded: one JSON document, an array of them, or server-sent events.
 * Vendors spread it over several events or repeat it with growing values; the last value of each field counts.
 */
export class UsageReader {
  readonly #form: Form;
  readonly #stream: boolean;
  readonly #lines = new LineSplitter(maxRead);
  readonly #frames: EventFrames | undefined;
  #pieces: Buffer[] = [];
  #length = 0;
  #usage: Json = {};
  #found = false;
  #events = 0;
  /** Whether there was an error event, and whether it has nothing but the error. */
  #error = false;
  #refused = false;
  /** Whether the answer has come to the report of its end; what comes before it is not the whole. */
  #ended: boolean;
  #broken = false;
  #tier: unknown;

  constructor(usage: UsageForm, contentType: string) {
    this.#form = forms[usage];
    this.#stream = contentType.includes('text/event-stream');
    this.#frames = contentType.includes('application/vnd.amazon.eventstream') ? new EventFrames(maxRead) : undefined;
    // Responses and Converse report their usage with the end only.
    const early = usage === 'anthropic' || usage === 'google' || usage === 'chat';
    this.#ended = !((this.#stream || this.#frames !== undefined) && early);
  }

  push(chunk: Uint8Array): void {
    if (this.#broken) return;
    if (this.#frames !== undefined) {
      const payloads = this.#frames.push(chunk);
      if (payloads === undefined) this.#broken = true;
      for (const payload of payloads ?? []) this.#frame(payload);
    } else if (this.#stream) {
      for (const line of this.#lines.push(chunk)) this.#line(line);
    } else {
      this.#length += chunk.length;
      if (this.#length > maxRead) {
        this.#broken = true;
        this.#pieces = [];
      } else this.#pieces.push(Buffer.from(chunk));
    }
  }

  /**
   * How the answer ended, with its usage in the terms of the price list if it is `complete`.
   * @param whole Whether the connection ended in order.
   */
  result(whole: boolean): { ending: Ending; usage?: Usage } {
    if (this.#stream) this.#line(this.#lines.rest() ?? new Uint8Array());
    else if (this.#frames === undefined) for (const one of asList(parse(Buffer.concat(this.#pieces)))) this.#take(one);
    this.#pieces = [];
    const usage = this.#ended && whole ? this.#read() : undefined;
    if (usage !== undefined) return { ending: 'complete', usage };
    if (this.#refused && this.#events === 1 && !this.#broken) return { ending: 'refused' };
    if (this.#error) return { ending: 'error' };
    return { ending: whole && this.#ended ? 'no-usage' : 'cut' };
  }

  #read(): Usage | undefined {
    const { extractor, root } = this.#form;
    const provider = findProvider({ providerId: extractor.provider });
    if (provider === undefined || this.#broken || !this.#found || !this.#complete()) return undefined;
    try {
      const found = { model: '', modelVersion: '', [root]: withCached(this.#usage) };
      return withHours(extractUsage(provider, found, extractor.flavor).usage, this.#usage);
    } catch {
      return undefined;
    }
  }

  /** How the vendor processed the call, where another way has another price. */
  get processing(): Processing {
    const { inference_geo: place, serviceTier } = this.#usage;
    const tier = String(this.#tier ?? serviceTier ?? 'standard').toLowerCase();
    return {
      regional: typeof place === 'string' && place !== 'global' && place !== 'not_available',
      tier: standardTiers.has(tier) ? 'standard' : tier === 'flex' ? 'flex' : 'other',
    };
  }

  /** Requires the fields that the vendor always reports, and makes the output at least what its sum leaves for it. */
  #complete(): boolean {
    const usage = this.#usage;
    if (!hasCounts(usage)) return false;
    const number = (name: string): number | undefined => {
      const value = usage[name];
      return typeof value === 'number' ? value : undefined;
    };
    // Tools that the vendor runs are refused, and have prices of their own.
    const hosted = isJson(usage.server_tool_use) ? Object.values(usage.server_tool_use) : [];
    if (hosted.some((uses) => uses !== 0 && uses !== null)) return false;
    if (usage.speed === 'fast') return false;
    const { required, sum } = this.#form;
    if (!required.every((names) => names.some((name) => number(name) !== undefined))) return false;
    const total = sum && number(sum.total);
    if (sum === undefined || total === undefined) return true;
    const rest = total - sum.others.reduce((all, name) => all + (number(name) ?? 0), 0);
    usage[sum.output] = Math.max(number(sum.output) ?? 0, rest, 0);
    return true;
  }

  #line(line: Uint8Array | undefined): void {
    if (line === undefined) this.#broken = true;
    else if (isData(line) && tells(line)) this.#take(parse(line.subarray(5)));
    // What is not read may be content, which costs.
    else if (!saysNothing(line)) this.#events += 1;
  }

  /** A frame of Amazon's: an event of Converse, or one of the model's own in base64. */
  #frame(payload: Uint8Array): void {
    const event = parse(payload);
    const { bytes } = isJson(event) ? event : {};
    this.#take(typeof bytes === 'string' ? parse(Buffer.from(bytes, 'base64')) : event);
  }

  #take(event: unknown): void {
    if (!isJson(event)) return;
    this.#events += 1;
    const response = isJson(event.response) ? event.response : {};
    if (isError(event.error) || event.type === 'error' || response.status === 'failed' || isException(event)) {
      this.#error = true;
      this.#refused = Object.keys(event).every((key) => errorFields.test(key));
    }
    if (isFinished(event)) this.#ended = true;
    const inner = isJson(event.message) ? event.message : response;
    // OpenAI says it beside the usage. Of Anthropic's tiers only a batch has another price, which is not let through.
    this.#tier = event.service_tier ?? response.service_tier ?? this.#tier;
    const usage = event.usageMetadata ?? event.usage ?? inner.usage;
    if (!isJson(usage)) return;
    this.#found = true;
    // The first event of Anthropic's has the input and an output of one; the last but one has the output.
    if (event.type === 'message_delta') this.#ended = true;
    for (const [name, value] of Object.entries(usage))
      if (value !== null && name !== '__proto__') this.#usage[name] = value;
  }
}

/** Names of the usual tier; `auto` is what was asked for, in events that come before it is known. */
const standardTiers = new Set(['standard', 'default', 'auto', 'unspecified']);

const isError = (value: unknown): boolean => isJson(value) || (typeof value === 'string' && value !== '');
/** What vendors say of an error; an event with other fields may hold content, which was produced and costs. */
const errorFields = /^(type|error|code|param|message|request_id|sequence_number|original\w*)$/;
/**
 * Whether all numbers of tokens are counts. One that is not makes a sum lower than what was used, or one that cannot be stored. Other numbers, such as
 * the seconds of Groq and the dollars of OpenRouter, are not read.
 */
const hasCounts = (value: unknown): boolean =>
  typeof value !== 'object' ||
  value === null ||
  Object.entries(value).every(([name, each]) =>
    typeof each === 'number' && /token/i.test(name) ? Number.isSafeInteger(each) && each >= 0 : hasCounts(each),
  );
/** Frames of exceptions have a message and nothing else (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html). */
const isException = (event: Json): boolean =>
  typeof event.message === 'string' && Object.keys(event).every((key) => /^(message|original\w*)$/.test(key));

/** Whether an event of Google or of a server with the interface of OpenAI says why the answer ended. */
const isFinished = ({ candidates, choices, promptFeedback }: Json): boolean =>
  isJson(promptFeedback) ||
  [candidates, choices].some(
    (list) =>
      Array.isArray(list) &&
      list.some((one: unknown) => isJson(one) && typeof (one.finishReason ?? one.finish_reason) === 'string'),
  );

/** Converse says how much was written to a cache for an hour in a list. */
function withHours(usage: Usage, { cacheDetails }: Json): Usage {
  if (!Array.isArray(cacheDetails)) return usage;
  const hours = cacheDetails.flatMap((detail: unknown) =>
    isJson(detail) && detail.ttl === '1h' && typeof detail.inputTokens === 'number' ? [detail.inputTokens] : [],
  );
  return hours.length === 0 ? usage : { ...usage, cache_write_1h_tokens: hours.reduce((a, b) => a + b, 0) };
}

/** Cached input where DeepSeek and Moonshot report it, whose interface is OpenAI's. */
function withCached(usage: Json): Json {
  const cached = usage.prompt_cache_hit_tokens ?? usage.cached_tokens;
  const details = isJson(usage.prompt_tokens_details) ? usage.prompt_tokens_details : {};
  if (cached === undefined || details.cached_tokens !== undefined) return usage;
  return { ...usage, prompt_tokens_details: { ...details, cached_tokens: cached } };
}

const asList = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

const dataField = Buffer.from('data:');
/** Whether a line is the data of an event. */
const isData = (line: Uint8Array): boolean => dataField.equals(line.subarray(0, dataField.length));

/**
 * What events have that say something of usage, end or error. The others, nearly all of a stream, are not parsed. A server that writes these names
 * with escapes is charged with the worst case, because its usage is not found.
 */
const telling =
  /"usage(?:Metadata)?"\s*:\s*\{|"error"|"failed"|"finish_?[Rr]eason"\s*:\s*"|"promptFeedback"|"message"\s*:\s*"/;
const text = (line: Uint8Array): string =>
  Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString('latin1');
const tells = (line: Uint8Array): boolean => telling.test(text(line));
/** Whether a line holds no content: an empty one, a comment, another field than `data`, the end of OpenAI's streams. */
const saysNothing = (line: Uint8Array): boolean => {
  const start = text(line.subarray(0, 50));
  return /^(?:event|id|retry)?:/.test(start) || (line.length < 50 && /^(?:data:)?\s*(?:\[DONE\]\s*)?$/.test(start));
};

/** `undefined` for `[DONE]`, a comment, or a piece of an answer that was cut off. */
function parse(bytes: Uint8Array): unknown {
  const parsed = parseJson(bytes, limits);
  return 'value' in parsed ? parsed.value : undefined;
}
