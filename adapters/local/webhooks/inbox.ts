import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '../../../core/concurrency/backoff.ts';
import { DrydockError, viewError } from '../../../core/errors.ts';
import { hostEventSchema } from '../../../core/ports/host/host-event.ts';
import type { Delivery, Inbox } from '../../../core/ports/host/inbox.ts';
import { findSecrets } from '../../../core/secrets/known-secrets.ts';
import { type InboxRow, openInboxTable } from './inbox-table.ts';

/** How long handled ids are kept, so that the same content is not handled twice. */
const retentionMs = 30 * 24 * 3_600_000;
const firstRetryMs = 1_000;
const maxRetryMs = 300_000;
/** The twelfth attempt is nine to eighteen minutes after the first. */
const maxAttempts = 12;
/** The time is checked again at least this often: machines sleep, and clocks are adjusted. */
const maxNapMs = 60_000;
const maxError = 500;

interface InboxOptions {
  /** Epoch milliseconds. */
  now(): number;
  /** Waits that long; rejects when the signal aborts. */
  sleep?(ms: number, signal: AbortSignal): Promise<unknown>;
}

/**
 * The inbox of one machine, in one SQLite file. A delivery that was set aside is handled again when the host redelivers
 * it; a person uses that to retry it.
 * @throws DataFolderBusy if another process holds the file; FileUnreadable if it is not a valid inbox or cannot be
 * written.
 */
export function openInbox(file: string, options: InboxOptions): Inbox & { close(): void } {
  const { now } = options;
  const sleep = options.sleep ?? ((ms, signal) => delay(ms, undefined, { signal }));
  const table = openInboxTable(file);
  const active = new Set<number>();
  let changed = Promise.withResolvers<void>();
  const wake = (): void => {
    changed.resolve();
    changed = Promise.withResolvers();
  };

  const record = async (row: InboxRow, failure: { error: unknown } | undefined): Promise<void> => {
    if (!failure) return void (await table.done(row.seq, now()));
    const { error } = failure;
    const attempts = row.attempts + 1;
    const final = attempts >= maxAttempts || (error instanceof DrydockError && error.retry === 'never');
    await table.failed(row.seq, {
      attempts,
      error: textOf(error),
      ...(final ? {} : { due: now() + retryMs(attempts, error) }),
    });
  };

  /** Waits until a delivery arrives or becomes due, or the work ends. */
  const idle = async (change: Promise<void>): Promise<void> => {
    const nap = new AbortController();
    const ms = Math.min(Math.max((table.nextDue(active) ?? Number.POSITIVE_INFINITY) - now(), 0), maxNapMs);
    sleep(ms, nap.signal).then(wake, () => undefined);
    await change;
    nap.abort();
  };

  return {
    put: async ({ id, event }) => {
      const queued = await table.put({ id, event: JSON.stringify(event), receivedAt: now() }, now() - retentionMs);
      if (queued) wake();
      return queued;
    },

    async work(handler, { concurrency, signal }) {
      const broken = new AbortController();
      const worker = async (): Promise<void> => {
        while (!signal.aborted && !broken.signal.aborted) {
          // Read before the table, so that a delivery that arrives in between wakes this worker.
          const change = changed.promise;
          const row = table.take(now(), active);
          if (!row) {
            await idle(change);
            continue;
          }
          active.add(row.seq);
          const failure = await Promise.resolve()
            .then(() => handler(deliveryOf(row)))
            .then(
              () => undefined,
              (error: unknown) => ({ error }),
            );
          // If this write fails, the delivery stays active: a full disk must not make it be handled forever.
          await record(row, failure);
          active.delete(row.seq);
        }
      };
      signal.addEventListener('abort', wake, { once: true });
      const workers = Array.from({ length: concurrency }, () =>
        worker().catch((error: unknown) => {
          broken.abort();
          wake();
          throw error;
        }),
      );
      const ends = await Promise.allSettled(workers);
      signal.removeEventListener('abort', wake);
      const fault = ends.find((end) => end.status === 'rejected');
      if (fault) throw fault.reason;
    },

    counts: async () => table.counts(),
    close: () => table.close(),
  };
}

/** The delivery of a row. @throws DeliveryRefused if another version stored its event in an unknown format. */
function deliveryOf({ id, event, receivedAt, attempts }: InboxRow): Delivery {
  const result = hostEventSchema.safeParse(JSON.parse(event));
  if (result.success) return { id, event: result.data, receivedAt: new Date(receivedAt).toISOString(), attempts };
  const path = result.error.issues[0]?.path.map(String).join('.') || 'kind';
  throw new DrydockError('DeliveryRefused', `The stored event is not valid: ${path}.`);
}

/** 1 s, 2 s, 4 s … 5 min, reduced by up to half at random; never earlier than the host asked for. */
function retryMs(attempts: number, error: unknown): number {
  const backoff = { firstMs: firstRetryMs, maxMs: maxRetryMs, minShare: 0.5 };
  return Math.max(
    Math.ceil(backoffMs(attempts, backoff, Math.random)),
    error instanceof DrydockError ? retryAfterMs(error.details) : 0,
  );
}

const retryAfterMs = (details: unknown): number => {
  const ms = (details as { retryAfterMs?: unknown } | undefined)?.retryAfterMs;
  return typeof ms === 'number' && Number.isFinite(ms) ? ms : 0;
};

/** The stored text of an error: name and message, unless the message looks like it contains a secret. */
function textOf(error: unknown): string {
  const { name, message } = viewError(error);
  const [secret] = findSecrets(message);
  return `${name}: ${secret ? `(not stored: it may contain ${secret.what})` : message}`.slice(0, maxError);
}
