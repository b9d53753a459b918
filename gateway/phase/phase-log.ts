import type { PhaseEvent, Refusal, Traffic } from '../../core/run/phase.ts';
import type { PhaseEnd } from '../../core/run/phase-end.ts';
import type { GatewayMessage } from '../messages.ts';

/** Limit for all events of a phase. The gateway's limits by kind are narrower; these hold if it does not keep them. */
const maxEventBytes = 8 * 1024 * 1024;
/** A loop inside must not fill the record: after this number of targets, only known ones are counted. */
const maxTargets = 2_000;
const maxRefusals = 500;
/** The first failure counts. */
const maxFailures = 20;

/** Collects the gateway's messages about its phase. */
export class PhaseLog {
  readonly failures: NonNullable<PhaseEnd['failure']>[] = [];
  readonly #refusals = new Map<string, Refusal>();
  readonly #traffic = new Map<string, Traffic>();
  readonly #events: Buffer[] = [];
  #eventBytes = 0;
  #moreEvents = 0;
  #moreRefusals = 0;
  readonly #now: () => number;

  /** @param now Epoch milliseconds. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  add(message: GatewayMessage): void {
    switch (message.type) {
      case 'event':
        this.#addEvent(message.event);
        break;
      case 'refusal':
        this.#addRefusal(message.refusal);
        break;
      case 'traffic':
        this.#addTraffic(message);
        break;
      case 'failure':
        if (this.failures.length < maxFailures) this.failures.push({ name: message.name, message: message.message });
        break;
      case 'left-out':
        this.#moreEvents += message.events;
        this.#moreRefusals += message.refusals;
        if (message.traffic > 0)
          this.#addTraffic({ route: 'more', target: `and ${message.traffic} more`, bytes: message.bytes });
        break;
      default:
        break;
    }
  }

  /** The first refusals; how many more there were is the last entry. */
  get refusals(): Refusal[] {
    const kept = [...this.#refusals.values()];
    const last = kept.at(-1);
    if (this.#moreRefusals === 0 || last === undefined) return kept;
    const reason = `only the first ${kept.length} refusals of a phase are kept`;
    return [...kept, { target: `and ${this.#moreRefusals} more`, command: '', reason, allow: '', at: last.at }];
  }

  /** Totals by route and target. */
  get traffic(): Traffic[] {
    return [...this.#traffic.values()];
  }

  /** The reported events as NDJSON, for the evidence; how many were left out is the last one. */
  get events(): Uint8Array {
    if (this.#moreEvents === 0) return Buffer.concat(this.#events);
    const text = `and ${this.#moreEvents} more events: the limit for events of a phase is reached`;
    return Buffer.concat([...this.#events, lineOf({ type: 'log', source: 'gateway', text })]);
  }

  #addEvent(event: PhaseEvent): void {
    // The time is taken here, outside of the sandbox.
    const line = lineOf({ ...event, at: new Date(this.#now()).toISOString() });
    if (this.#eventBytes + line.length > maxEventBytes) {
      this.#moreEvents += 1;
      return;
    }
    this.#eventBytes += line.length;
    this.#events.push(line);
  }

  /** Identical refusals are counted. */
  #addRefusal(refusal: Refusal): void {
    const { target, command, reason, count = 1 } = refusal;
    const key = [target, command, reason].join('\0');
    const known = this.#refusals.get(key);
    if (known !== undefined) known.count = (known.count ?? 1) + count;
    else if (this.#refusals.size < maxRefusals) this.#refusals.set(key, { ...refusal });
    else this.#moreRefusals += count;
  }

  #addTraffic({ route, target, status, bytes }: Traffic): void {
    const key = `${route} ${target} ${status}`;
    const known = this.#traffic.get(key);
    if (known !== undefined) {
      known.bytes += bytes;
      if (known.requests !== undefined) known.requests += 1;
    } else if (this.#traffic.size < maxTargets)
      this.#traffic.set(key, { route, target, ...(status === undefined ? {} : { status, requests: 1 }), bytes });
  }
}

const lineOf = (event: PhaseEvent & { at?: string }): Buffer => Buffer.from(`${JSON.stringify(event)}\n`);
