import { backoffMs } from '../../core/concurrency/backoff.ts';
import { viewError } from '../../core/errors.ts';
import { cardOf } from '../../core/notification/card.ts';
import { messageId } from '../../core/notification/message-id.ts';
import type { Notice, NoticeKind } from '../../core/notification/notice.ts';
import { type QuietHours, quietUntil } from '../../core/notification/quiet.ts';
import { textOf } from '../../core/notification/render/text.ts';
import type { Channel, Messages } from '../../core/ports/runtime/notifier.ts';
import { type Delivery, dueOf, type Outbox, type OutboxEntry } from '../../core/ports/store/outbox.ts';

/** Longer than the timeouts of a channel: after it, the process that sends is taken for dead. */
const leaseMs = 90_000;
const maxAttempts = 12;
const backoff = { firstMs: 1_000, maxMs: 60 * 60_000, minShare: 0.5 };
/** A message that is later than that may be about something that was decided meanwhile. */
const lateMs = 60_000;
/** A message in quiet hours is sent at once if less than this would be left to decide. */
const leftMs = 60 * 60_000;
const atOnce = 50;

export interface SenderOptions {
  outbox: Outbox;
  /** The channels of the policy. */
  channels: readonly Channel[];
  clock: { now(): number; sleep(ms: number): Promise<unknown> };
  quietOf(person: string): QuietHours | undefined;
  /** Kinds that quiet hours do not hold. */
  urgent: readonly NoticeKind[];
  /** Whether what a notice asks is decided. */
  isDecided(gateId: string): Promise<boolean>;
  /** Called with each delivery that is given up, and the reason. */
  log(line: { unsent: string; channel: string; name: string; message: string; remedy: string }): void;
  random?: () => number;
  /** Whether a notice that goes to nobody is stored too, for a page that shows it. Default: yes. */
  keepsAll?: boolean;
}

export interface Sender extends Messages {
  /** Sends what is due of a notice, and tries again while the next attempt is due within `patienceMs`. */
  flush(key: string, patienceMs: number): Promise<void>;
  /** Sends what is due. @returns How many notices that were. */
  sendDue(): Promise<number>;
}

/**
 * Sends notices: each delivery is written down before it is made and after it, so that a process that dies between any
 * two calls is followed by another one. A message whose sender died while it was sent may come twice, with the same id,
 * and never not at all. A message that fails is tried again with growing waits, and given up in the end; no run waits for it.
 */
export function createSender(options: SenderOptions): Sender {
  const { outbox, channels, clock, random = Math.random, keepsAll = true } = options;
  const iso = (ms: number): string => new Date(ms).toISOString();
  const byName = new Map(channels.map((channel) => [channel.name, channel]));

  /** When a notice may be sent to a recipient, epoch milliseconds. */
  const dueAt = (notice: Notice, recipient: string, now: number): number => {
    const quiet = options.urgent.includes(notice.kind) ? undefined : options.quietOf(recipient);
    const until = quiet && quietUntil(quiet, now);
    if (until === undefined) return now;
    return notice.gate && until > Date.parse(notice.gate.expiresAt) - leftMs ? now : until;
  };

  const attempt = async (entry: OutboxEntry, { channel, to, attempts }: Delivery): Promise<Partial<Delivery>> => {
    const { notice } = entry;
    const now = clock.now();
    if (notice.gate && now > Date.parse(notice.at) + lateMs && (await options.isDecided(notice.gate.gateId)))
      return { state: 'obsolete' };
    try {
      // A channel that the policy no longer has.
      const way = byName.get(channel);
      if (!way) return { state: 'obsolete' };
      await way.send(notice, to, messageId(notice, channel, to));
      return { state: 'sent', sentAt: iso(clock.now()) };
    } catch (thrown) {
      const { name, message, remedy, retry } = { retry: 'never', ...viewOf(thrown) };
      const error = { name, message, remedy };
      if (retry === 'transient' && attempts < maxAttempts)
        return { state: 'pending', dueAt: iso(clock.now() + backoffMs(attempts, backoff, random)), error };
      options.log({ unsent: notice.key, channel, ...error });
      return { state: 'failed', error };
    }
  };

  /** Writes what became of the deliveries that this call made, whatever others wrote of the rest. */
  const record = async (key: string, made: Map<string, Delivery>): Promise<OutboxEntry | undefined> => {
    for (;;) {
      const entry = await outbox.get(key);
      if (!entry) return undefined;
      const deliveries = entry.deliveries.map((each) => {
        const own = made.get(nameOf(each));
        return own !== undefined && each.state === 'sending' && each.attempts === own.attempts ? own : each;
      });
      const written = await outbox.replace(entry, deliveries);
      if (written) return written;
    }
  };

  /** Sends what is due of an entry. @returns The entry afterwards. */
  const send = async (key: string): Promise<OutboxEntry | undefined> => {
    for (;;) {
      const entry = await outbox.get(key);
      if (!entry) return undefined;
      const now = iso(clock.now());
      const isDue = ({ state, dueAt: at }: Delivery): boolean =>
        (state === 'pending' || state === 'sending') && at <= now;
      const mine = entry.deliveries
        .filter(isDue)
        .slice(0, atOnce)
        .map((each): Delivery => {
          const { error: _error, ...rest } = each;
          return { ...rest, state: 'sending', dueAt: iso(clock.now() + leaseMs), attempts: each.attempts + 1 };
        });
      if (mine.length === 0) return entry;
      const claims = new Map(mine.map((each) => [nameOf(each), each]));
      const claimed = await outbox.replace(
        entry,
        entry.deliveries.map((each) => claims.get(nameOf(each)) ?? each),
      );
      // Somebody else was faster; what is left for this call is read again.
      if (!claimed) continue;
      const made = await Promise.all(mine.map(async (each) => ({ ...each, ...(await attempt(claimed, each)) })));
      return record(key, new Map(made.map((each) => [nameOf(each), each])));
    }
  };

  const flush = async (key: string, patienceMs: number): Promise<void> => {
    const until = clock.now() + patienceMs;
    for (;;) {
      const entry = await send(key);
      const due = entry && dueOf(entry.deliveries);
      if (due === undefined || Date.parse(due) > until) return;
      await clock.sleep(Math.max(0, Date.parse(due) - clock.now()));
    }
  };

  return {
    flush,
    known: async (key) => (await outbox.get(key)) !== undefined,
    async notify(notice) {
      const now = clock.now();
      const card = cardOf(notice);
      const deliveries = channels.flatMap((channel) =>
        [...new Set(channel.recipients(notice))].map(
          (to): Delivery => ({
            channel: channel.name,
            to,
            state: 'pending',
            dueAt: iso(dueAt(notice, to, now)),
            attempts: 0,
          }),
        ),
      );
      if (deliveries.length === 0 && !keepsAll) return;
      await outbox.add({ notice, subject: card.subject, text: textOf(card), deliveries, version: 1 });
    },
    async sendDue() {
      const keys = await outbox.due(iso(clock.now()), atOnce);
      await Promise.all(keys.map(send));
      return keys.length;
    },
  };
}

const nameOf = ({ channel, to }: Delivery): string => JSON.stringify([channel, to]);

/** An error without the class of DrydockError is a defect, whose text may hold anything. */
function viewOf(thrown: unknown): { name: string; message: string; remedy: string; retry?: 'never' | 'transient' } {
  const { name, message, remedy } = viewError(thrown);
  const retry = typeof thrown === 'object' && thrown !== null && 'retry' in thrown ? thrown.retry : 'never';
  return { name, message: message.slice(0, 500), remedy, retry: retry === 'transient' ? retry : 'never' };
}
