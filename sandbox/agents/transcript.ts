import { eventLimits, type PhaseEvent } from '../../core/run/phase.ts';
import { shortened } from '../../core/text/shortened.ts';

type ToolEvent = Extract<PhaseEvent, { type: 'tool' }>;

/** Tool calls whose beginning is remembered. */
const maxOpen = 1_000;
/** Bytes of one event; the gateway drops a line of more than 64 KiB. */
const maxBytes = 60_000;
const ended = /^(?:completed|failed|cancelled|declined|error)$/;

/**
 * What an agent does, in one form for all agents: cut to the limits of events, and each news of a tool call with the title,
 * kind and duration of the call.
 */
export class Transcript {
  readonly #emit: (event: PhaseEvent) => void;
  readonly #secret: string;
  readonly #open = new Map<string, { title: string; kind: ToolEvent['kind']; start: number }>();

  /** @param secret The agent's key for the gateway, which is taken out of texts. */
  constructor(emit: (event: PhaseEvent) => void, secret: string) {
    this.#emit = (event) => emit(this.#fitted(event));
    this.#secret = secret;
  }

  add(event: PhaseEvent): void {
    switch (event.type) {
      case 'message':
      case 'thought': {
        const text = this.#cut(event.text.trim(), eventLimits.message);
        if (text !== '') this.#emit({ type: event.type, text });
        break;
      }
      case 'tool':
        this.#emit(this.#tool(event));
        break;
      case 'plan':
        this.#emit({
          type: 'plan',
          entries: event.entries.slice(0, eventLimits.entries).map(({ content, status }) => ({
            content: this.#cut(content, eventLimits.entry),
            status: this.#name(status),
          })),
        });
        break;
      case 'log':
        this.#emit({ ...event, text: this.#cut(event.text, eventLimits.text) });
        break;
      default:
        this.#emit(event);
    }
  }

  /** Cuts the texts of an event that keep their own limits and are too long together. */
  #fitted(event: PhaseEvent): PhaseEvent {
    let fitted = JSON.stringify(event);
    for (let limit: number = eventLimits.text; Buffer.byteLength(fitted) > maxBytes; limit = Math.floor(limit / 2))
      fitted = JSON.stringify(JSON.parse(fitted), (_key, value: unknown) =>
        typeof value === 'string' ? this.#cut(value, limit) : value,
      );
    return JSON.parse(fitted) as PhaseEvent;
  }

  #tool(event: ToolEvent): ToolEvent {
    const id = this.#name(event.id) || 'call';
    const before = this.#open.get(id);
    const title = this.#cut(event.title || before?.title || id, eventLimits.title);
    const kind = event.kind ?? before?.kind;
    const start = before?.start ?? performance.now();
    const over = ended.test(event.status);
    if (over) this.#open.delete(id);
    else if (this.#open.size < maxOpen) this.#open.set(id, { title, kind, start });
    const text = (value: string | undefined) => (value === undefined ? undefined : this.#cut(value, eventLimits.text));
    const [input, output] = [text(event.input), text(event.output)];
    return {
      type: 'tool',
      id,
      title,
      status: this.#name(event.status) || 'pending',
      ...(kind === undefined ? {} : { kind }),
      ...(input === undefined ? {} : { input }),
      ...(output === undefined ? {} : { output }),
      ...(event.exitCode === undefined ? {} : { exitCode: event.exitCode }),
      ...(over && before !== undefined ? { ms: Math.round(performance.now() - start) } : {}),
      ...(event.edits === undefined
        ? {}
        : {
            edits: event.edits.slice(0, eventLimits.edits).map((edit) => ({
              path: this.#cut(edit.path, eventLimits.title),
              before: this.#cut(edit.before, eventLimits.text),
              after: this.#cut(edit.after, eventLimits.text),
            })),
          }),
    };
  }

  #name(text: string): string {
    return text.replaceAll(this.#secret, '[redacted]').slice(0, 100);
  }

  #cut(text: string, limit: number): string {
    return shortened(text.replaceAll(this.#secret, '[redacted]'), limit);
  }
}
