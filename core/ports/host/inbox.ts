import type { HostEvent } from './host-event.ts';

/** A signed message of a code host, read. */
export interface Delivery {
  /**
   * SHA-256 over the host's event name and the raw body, 64 hex digits: the same content is the same delivery, whatever id
   * the host gave it. Two messages may lead to equal events and are two deliveries: CI may report twice about one commit.
   */
  id: string;
  event: HostEvent;
  /** ISO 8601. */
  receivedAt: string;
  /** Number of earlier attempts to handle it. */
  attempts: number;
}

/** A durable queue of deliveries: acknowledged first, handled later. SQLite on one machine, SQS on AWS. */
export interface Inbox {
  /** Durable when it resolves. False when the same content was stored before. */
  put(delivery: Pick<Delivery, 'id' | 'event'>): Promise<boolean>;
  /**
   * Hands over what waits, oldest first, `concurrency` at once, each at least once, until the signal. A delivery whose
   * handler throws is retried with a growing delay and set aside after the last attempt.
   */
  work(
    handler: (delivery: Delivery) => Promise<void>,
    options: { concurrency: number; signal: AbortSignal },
  ): Promise<void>;
  counts(): Promise<{ waiting: number; setAside: number }>;
}
