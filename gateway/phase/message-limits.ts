import type { PhaseEvent, Refusal } from '../../core/run/phase.ts';
import type { GatewayMessage } from '../messages.ts';

/**
 * Limits for what a phase makes its gateway tell, by kind of event: number, and bytes in all. A flood of one kind leaves
 * the others their room. Honest agents stay below a tenth of this.
 */
const eventLimits: Record<PhaseEvent['type'], { count: number; bytes: number }> = {
  step: { count: 2_000, bytes: 512 * 1024 },
  log: { count: 20_000, bytes: 4 * 1024 * 1024 },
  message: { count: 5_000, bytes: 2 * 1024 * 1024 },
  thought: { count: 5_000, bytes: 2 * 1024 * 1024 },
  // With inputs, outputs and edits of tool calls.
  tool: { count: 10_000, bytes: 4 * 1024 * 1024 },
  plan: { count: 1_000, bytes: 512 * 1024 },
  remark: { count: 100, bytes: 512 * 1024 },
  cost: { count: 5_000, bytes: 512 * 1024 },
};
const maxRefusals = 500;
const maxTraffic = 10_000;
const maxFailures = 20;
/** Limit in characters for each text of a refusal: a path or a server name comes from the sandbox. */
const maxText = 300;

export interface MessageLimiter {
  tell(message: GatewayMessage): void;
  /** Tells how many messages were left out, if any were. */
  finish(): void;
}

/**
 * Passes messages on until the limit of their kind is reached, and counts the others. The launcher reads the messages
 * when it has time; until then they wait in the memory of this process, so all that a phase can cause is bounded.
 */
export function limitMessages(tell: (message: GatewayMessage) => void): MessageLimiter {
  const used = new Map<PhaseEvent['type'], { count: number; bytes: number }>();
  const counts = { traffic: 0, failure: 0 };
  /** Those that were told, and how often each was repeated since: repetitions are told at the end, as a number. */
  const refused = new Map<string, { refusal: Refusal; more: number }>();
  const leftOut = { events: 0, refusals: 0, traffic: 0, bytes: 0 };
  let lastCost: number | undefined;

  function admits(event: PhaseEvent): boolean {
    if (event.type === 'cost') {
      if (event.usdMicros === lastCost) return false;
      lastCost = event.usdMicros;
    }
    const limit = eventLimits[event.type];
    const before = used.get(event.type) ?? { count: 0, bytes: 0 };
    const after = { count: before.count + 1, bytes: before.bytes + Buffer.byteLength(JSON.stringify(event)) };
    if (after.count > limit.count || after.bytes > limit.bytes) {
      leftOut.events += 1;
      return false;
    }
    used.set(event.type, after);
    return true;
  }

  function tellRefusal(refusal: Refusal): void {
    const key = [refusal.target, refusal.command, refusal.reason].join('\0');
    const known = refused.get(key);
    if (known !== undefined) known.more += 1;
    else if (refused.size >= maxRefusals) leftOut.refusals += 1;
    else {
      refused.set(key, { refusal, more: 0 });
      tell({ type: 'refusal', refusal });
    }
  }

  return {
    tell(message) {
      switch (message.type) {
        case 'event':
          if (admits(message.event)) tell(message);
          break;
        case 'refusal':
          tellRefusal(clipped(message.refusal));
          break;
        case 'traffic':
          counts.traffic += 1;
          if (counts.traffic > maxTraffic) {
            leftOut.traffic += 1;
            leftOut.bytes += message.bytes;
          } else tell({ ...message, target: clip(message.target) });
          break;
        case 'failure':
          counts.failure += 1;
          if (counts.failure <= maxFailures) tell({ ...message, message: message.message.slice(0, 2_000) });
          break;
        default:
          tell(message);
      }
    },
    finish() {
      for (const { refusal, more } of refused.values())
        if (more > 0) tell({ type: 'refusal', refusal: { ...refusal, count: more } });
      if (leftOut.events + leftOut.refusals + leftOut.traffic > 0) tell({ type: 'left-out', ...leftOut });
    },
  };
}

/** At most 300 characters, without half of a surrogate pair at the end. */
const clip = (text: string): string => text.slice(0, maxText).replace(/[\uD800-\uDBFF]$/, '');

/** A refusal whose texts keep their limit. */
export const clipped = (refusal: Refusal): Refusal =>
  Object.fromEntries(
    Object.entries(refusal).map(([name, value]) => [name, typeof value === 'string' ? clip(value) : value]),
  ) as unknown as Refusal;
