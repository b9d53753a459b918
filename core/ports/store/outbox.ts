import { z } from 'zod';
import { notice } from '../../notification/notice.ts';

/** The sending of a notice to one recipient on one channel. */
const delivery = z.strictObject({
  channel: z.enum(['mail', 'slack', 'webhook']),
  /** Person id, or `all`. */
  to: z.string(),
  /**
   * `sending`: a process sends it, or died over it; then another one takes over at `dueAt`. `obsolete`: what it asks was
   * decided before it was sent.
   */
  state: z.enum(['pending', 'sending', 'sent', 'failed', 'obsolete']),
  /** ISO 8601: not before; of `sending`, the end of the lease. */
  dueAt: z.string(),
  attempts: z.int().nonnegative(),
  sentAt: z.string().exactOptional(),
  /** Why the last attempt failed. */
  error: z.strictObject({ name: z.string(), message: z.string(), remedy: z.string() }).exactOptional(),
});
export type Delivery = z.infer<typeof delivery>;

/** A notice as it is stored: its facts, how it reads, and where it was sent. */
export const outboxEntry = z.strictObject({
  notice,
  subject: z.string(),
  text: z.string(),
  deliveries: z.array(delivery),
  /** Optimistic lock. */
  version: z.int().positive(),
});
export type OutboxEntry = z.infer<typeof outboxEntry>;

/** Messages to people, with what was sent of them. */
export interface Outbox {
  /** Stores an entry once per key of its notice, and returns the stored one. */
  add(entry: OutboxEntry): Promise<OutboxEntry>;
  get(key: string): Promise<OutboxEntry | undefined>;
  /** Replaces the deliveries of an entry if nobody else did since it was read. */
  replace(entry: OutboxEntry, deliveries: Delivery[]): Promise<OutboxEntry | undefined>;
  /** Keys of entries with a delivery that is due. @param now ISO 8601. */
  due(now: string, limit: number): Promise<string[]>;
  /** Newest first. */
  list(limit: number): Promise<OutboxEntry[]>;
}

/** The earliest time at which something of an entry is to be sent, ISO 8601; undefined if nothing is. */
export const dueOf = (deliveries: readonly Delivery[]): string | undefined =>
  deliveries
    .filter(({ state }) => state === 'pending' || state === 'sending')
    .map(({ dueAt }) => dueAt)
    .sort()[0];
