import { extractUsage, type Usage } from '@pydantic/genai-prices';
import { type JsonLimits, parseJson } from '../../core/bounded-json.ts';
import { LineSplitter } from '../lines.ts';
import { providerOf } from './price.ts';

type Json = Record<string, unknown>;
const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Limit in bytes for one event of a stream, and for an answer in one piece. A longer one is forwarded and not parsed, and
 * its call is charged with the worst case.
 */
const maxRead = 16 * 1024 * 1024;
const limits: JsonLimits = { depth: 200, values: 1_000_000 };

/** Fields that a vendor always reports, of which any one of each group will do. Google leaves out what is zero. */
const required: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'google default': [['promptTokenCount'], ['candidatesTokenCount', 'totalTokenCount']],
  'anthropic default': [['input_tokens'], ['output_tokens']],
  'openai chat': [['prompt_tokens'], ['completion_tokens']],
  'openai responses': [['input_tokens'], ['output_tokens']],
};

/** The vendor's sum, and what it is the sum of; output that the other fields leave out is the difference. */
const sums: Readonly<Record<string, { total: string; others: readonly string[]; output: string }>> = {
  'google default': {
    total: 'totalTokenCount',
    others: ['promptTokenCount', 'toolUsePromptTokenCount', 'thoughtsTokenCount'],
    output: 'candidatesTokenCount',
  },
  'openai chat': { total: 'total_tokens', others: ['prompt_tokens'], output: 'completion_tokens' },
  'openai responses': { total: 'total_tokens', others: ['input_tokens'], output: 'output_tokens' },
};

/**
 * Reads the usage from an answer while it is forwarded: one JSON document, an array of them, or server-sent events.
 * Vendors spread it over several events or repeat it with growing values; the last value of each field counts.
 */
export class UsageReader {
  readonly #provider: string;
  readonly #dialect: string;
  readonly #flavor: string;
  readonly #stream: boolean;
  readonly #lines = new LineSplitter(maxRead);
  #pieces: Buffer[] = [];
  #length = 0;
  #usage: Json = {};
  #found = false;
  /** Whether the answer has come to the report of its end; what comes before it is not the whole. */
  #ended: boolean;
  #broken = false;

  constructor(provider: string, flavor: string, contentType: string) {
    this.#provider = provider;
    this.#flavor = flavor;
    this.#dialect = `${provider} ${flavor}`;
    this.#stream = contentType.includes('text/event-stream');
    this.#ended = !(this.#stream && provider === 'anthropic');
  }

  push(chunk: Uint8Array): void {
    if (this.#broken) return;
    if (this.#stream) {
      for (const line of this.#lines.push(chunk)) this.#line(line);
      return;
    }
    this.#length += chunk.length;
    if (this.#length > maxRead) {
      this.#broken = true;
      this.#pieces = [];
    } else this.#pieces.push(Buffer.from(chunk));
  }

  /** Usage in the terms of the price list; `undefined` if the answer did not report all of it. */
  result(): Usage | undefined {
    if (this.#stream) this.#line(this.#lines.rest() ?? new Uint8Array());
    else for (const one of asList(parse(Buffer.concat(this.#pieces)))) this.#take(one);
    this.#pieces = [];
    const provider = providerOf(this.#provider);
    if (provider === undefined || this.#broken || !this.#found || !this.#ended || !this.#complete()) return undefined;
    const usage = this.#provider === 'google' ? { usageMetadata: this.#usage } : { usage: this.#usage };
    try {
      return extractUsage(provider, { model: '', modelVersion: '', ...usage }, this.#flavor).usage;
    } catch {
      return undefined;
    }
  }

  /** Whether the vendor processed the call in one region only, at another price. */
  get regional(): boolean {
    const place = this.#usage.inference_geo;
    return typeof place === 'string' && place !== 'global' && place !== 'not_available';
  }

  /** Requires the fields that the vendor always reports, and makes the output at least what its sum leaves for it. */
  #complete(): boolean {
    const usage = this.#usage;
    const number = (name: string): number | undefined => {
      const value = usage[name];
      return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
    };
    // Tools that the vendor runs are refused, and have prices of their own.
    const hosted = isJson(usage.server_tool_use) ? Object.values(usage.server_tool_use) : [];
    if (hosted.some((uses) => uses !== 0 && uses !== null)) return false;
    if (usage.speed === 'fast') return false;
    const groups = required[this.#dialect] ?? [];
    if (groups.length === 0 || !groups.every((names) => names.some((name) => number(name) !== undefined))) return false;
    const sum = sums[this.#dialect];
    const total = sum && number(sum.total);
    if (sum === undefined || total === undefined) return true;
    const rest = total - sum.others.reduce((all, name) => all + (number(name) ?? 0), 0);
    usage[sum.output] = Math.max(number(sum.output) ?? 0, rest, 0);
    return true;
  }

  #line(line: Uint8Array | undefined): void {
    if (line === undefined) this.#broken = true;
    else if (isData(line)) this.#take(parse(line.subarray(5)));
  }

  #take(event: unknown): void {
    if (!isJson(event)) return;
    const inner = isJson(event.message) ? event.message : isJson(event.response) ? event.response : {};
    const usage = event.usageMetadata ?? event.usage ?? inner.usage;
    if (!isJson(usage)) return;
    this.#found = true;
    // The first event of Anthropic's has the input and an output of one; the last but one has the output.
    if (event.type === 'message_delta') this.#ended = true;
    for (const [name, value] of Object.entries(usage))
      if (value !== null && name !== '__proto__') this.#usage[name] = value;
  }
}

const asList = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

const dataField = Buffer.from('data:');
/** Whether a line is the data of an event. */
const isData = (line: Uint8Array): boolean => dataField.equals(line.subarray(0, dataField.length));

/** `undefined` for `[DONE]`, a comment, or a piece of an answer that was cut off. */
function parse(bytes: Uint8Array): unknown {
  const parsed = parseJson(bytes, limits);
  return 'value' in parsed ? parsed.value : undefined;
}
