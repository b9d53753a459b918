import { LineSplitter } from '../../core/text/lines.ts';

/** A server-sent event that says something: a message, or an id or a time for coming back. */
export interface ServerEvent {
  id: string | undefined;
  /** Milliseconds after which a client is to come back. */
  retry: number | undefined;
  data: Uint8Array;
}

/** Lines of one event: each takes memory, however short it is. JSON that is written for people has fewer. */
const maxLines = 100_000;

const newline = Buffer.from('\n');

/** What is passed on of an id: it comes back in a header. */
export const plainText = /^[!-~]{1,1000}$/;

/**
 * Reads server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) with bounded memory. Their data
 * is read as one message and written anew, so that it does not matter where another reader sees the end of a line.
 */
export class EventReader {
  readonly #lines: LineSplitter;
  readonly #maxBytes: number;
  #data: Uint8Array[] = [];
  #length = 0;
  #id: string | undefined;
  #retry: number | undefined;
  #kind = 'message';

  /** @param maxBytes Limit for the data of one event. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#lines = new LineSplitter(maxBytes);
  }

  /** The events that end in this chunk; `undefined` for one over the limit, after which nothing is to be read. */
  *push(chunk: Uint8Array): Generator<ServerEvent | undefined> {
    for (const line of this.#lines.push(chunk)) {
      if (line === undefined || this.#length > this.#maxBytes || this.#data.length > maxLines) {
        yield undefined;
        return;
      }
      const event = this.#line(line.at(-1) === 0x0d ? line.subarray(0, -1) : line);
      if (event !== undefined) yield event;
    }
  }

  #line(line: Uint8Array): ServerEvent | undefined {
    if (line.length === 0) return this.#end();
    const colon = line.indexOf(0x3a);
    const name = Buffer.from(line.subarray(0, colon < 0 ? line.length : colon)).toString('latin1');
    const from = colon < 0 ? line.length : colon + (line[colon + 1] === 0x20 ? 2 : 1);
    const value = line.subarray(from);
    if (name === 'data') {
      this.#length += value.length + 1;
      this.#data.push(Buffer.concat([value, newline]));
    } else if (name === 'event') this.#kind = Buffer.from(value).toString('latin1');
    else if (name === 'id') {
      const id = Buffer.from(value).toString('latin1');
      this.#id = plainText.test(id) ? id : undefined;
    } else if (name === 'retry') {
      const ms = Buffer.from(value).toString('latin1');
      this.#retry = /^\d{1,6}$/.test(ms) ? Number(ms) : undefined;
    }
    return undefined;
  }

  #end(): ServerEvent | undefined {
    const data = Buffer.concat(this.#data);
    const event = { id: this.#id, retry: this.#retry, data: data.subarray(0, -1) };
    const says = event.data.length > 0 || event.id !== undefined || event.retry !== undefined;
    const known = this.#kind === 'message';
    this.#data = [];
    this.#length = 0;
    this.#id = undefined;
    this.#retry = undefined;
    this.#kind = 'message';
    return says && known ? event : undefined;
  }
}

/** An event as it is sent to the agent: one line of JSON. */
export const eventText = (id: string | undefined, text: string, retry?: number): string =>
  [
    ...(id === undefined ? [] : [`id: ${id}`]),
    ...(retry === undefined ? [] : [`retry: ${retry}`]),
    ...(text === '' ? ['data:'] : ['event: message', `data: ${text}`]),
    '\n',
  ].join('\n');
