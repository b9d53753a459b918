import type { HostEvent } from './host-event.ts';

/** An authenticated and parsed webhook. */
export interface Delivery {
  /**
   * SHA-256 over the host's event name and the raw body, 64 hex digits. Equal content is the same delivery, even with
   * another id of the host. Different content with equal events, such as two CI reports on a commit, is two deliveries.
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
   * Passes waiting deliveries to the handler, oldest first, at least once, `concurrency` in parallel, until the signal.
   * A delivery whose handler throws is retried with a growing delay and set aside after the last attempt.
   */
  work(
    handler: (delivery: Delivery) => Promise<void>,
    options: { concurrency: number; signal: AbortSignal },
  ): Promise<void>;
  counts(): Promise<{ waiting: number; setAside: number }>;
}
