import { extractUsage, type Usage } from '@pydantic/genai-prices';
import { providerOf } from './price.ts';

type Json = Record<string, unknown>;
const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A longer answer is forwarded but no longer parsed, and is charged with its worst case. */
const maxRead = 64 * 1024 * 1024;

/**
 * Reads the usage from an answer while it is forwarded: one JSON document, an array of them, or server-sent events.
 * Vendors spread it over several events or repeat it with growing values; the last value of each field counts.
 */
export class UsageReader {
  readonly #provider: string;
  readonly #flavor: string;
  readonly #stream: boolean;
  readonly #decoder = new TextDecoder();
  #text = '';
  #usage: Json = {};
  #found = false;
  #overflow = false;

  constructor(provider: string, flavor: string, contentType: string) {
    this.#provider = provider;
    this.#flavor = flavor;
    this.#stream = contentType.includes('text/event-stream');
  }

  push(chunk: Uint8Array): void {
    if (this.#overflow) return;
    this.#text += this.#decoder.decode(chunk, { stream: true });
    if (this.#stream) {
      const lines = this.#text.split(/\r\n|\r|\n/);
      this.#text = lines.pop() ?? '';
      for (const line of lines) this.#line(line);
    }
    if (this.#text.length > maxRead) this.#overflow = true;
  }

  /** Usage in the terms of the price list; `undefined` if the answer reported none. */
  result(): Usage | undefined {
    if (this.#stream) this.#line(this.#text);
    else for (const one of asList(parse(this.#text))) this.#take(one);
    if (!this.#found || this.#overflow) return undefined;
    const provider = providerOf(this.#provider);
    if (provider === undefined) return undefined;
    const usage = this.#provider === 'google' ? { usageMetadata: this.#usage } : { usage: this.#usage };
    try {
      return extractUsage(provider, { model: '', modelVersion: '', ...usage }, this.#flavor).usage;
    } catch {
      return undefined; // a required field is missing because the answer was cut off
    }
  }

  #line(line: string): void {
    if (line.startsWith('data:')) this.#take(parse(line.slice(5)));
  }

  #take(event: unknown): void {
    if (!isJson(event)) return;
    const inner = isJson(event.message) ? event.message : isJson(event.response) ? event.response : {};
    const usage = event.usageMetadata ?? event.usage ?? inner.usage;
    if (!isJson(usage)) return;
    this.#found = true;
    for (const [name, value] of Object.entries(usage)) if (value !== null) this.#usage[name] = value;
  }
}

const asList = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // `[DONE]`, a comment, or a cut-off answer
  }
}
