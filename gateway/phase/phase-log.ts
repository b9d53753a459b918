import type { PhaseEvent, Refusal, Traffic } from '../../core/run/phase.ts';
import type { PhaseEnd } from '../../core/run/phase-end.ts';
import type { GatewayMessage } from '../config.ts';

/** Limit for all events of a phase; the runner itself stops at 4 MiB of log lines. */
const maxEventBytes = 8 * 1024 * 1024;
/** A loop inside must not fill the record: after this number of targets, only known ones are counted. */
const maxTargets = 2_000;

/** Collects the gateway's messages about its phase. */
export class PhaseLog {
  readonly refusals: Refusal[] = [];
  readonly failures: NonNullable<PhaseEnd['failure']>[] = [];
  readonly #traffic = new Map<string, Traffic>();
  readonly #events: Buffer[] = [];
  #eventBytes = 0;

  add(message: GatewayMessage): void {
    if (message.type === 'event') this.#addEvent(message.event);
    else if (message.type === 'refusal') this.refusals.push(message.refusal);
    else if (message.type === 'traffic') this.#addTraffic(message);
    else if (message.type === 'failure') this.failures.push({ name: message.name, message: message.message });
  }

  /** Totals by route and target. */
  get traffic(): Traffic[] {
    return [...this.#traffic.values()];
  }

  /** The reported events as NDJSON, for the evidence. */
  get events(): Uint8Array {
    return Buffer.concat(this.#events);
  }

  #addEvent(event: PhaseEvent): void {
    const line = Buffer.from(`${JSON.stringify(event)}\n`);
    if (this.#eventBytes + line.length > maxEventBytes) return;
    this.#eventBytes += line.length;
    this.#events.push(line);
  }

  #addTraffic({ route, target, bytes }: Traffic): void {
    const key = `${route} ${target}`;
    const known = this.#traffic.get(key);
    if (known !== undefined) known.bytes += bytes;
    else if (this.#traffic.size < maxTargets) this.#traffic.set(key, { route, target, bytes });
  }
}
