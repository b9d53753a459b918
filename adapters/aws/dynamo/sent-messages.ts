import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DrydockError } from '../../../core/errors.ts';
import { Table } from './table/table.ts';
import { expiresAt, inDays } from './table/tables.ts';

/** Ensures that each message is sent once. */
export interface SentMessages {
  /**
   * Calls `send` unless a message with this key was sent. With concurrent callers, one sends and the others wait for
   * it. An error of `send` is rethrown, and the next caller sends. If a sender crashes, another one takes over after a
   * while: people may receive a message twice, but never miss it.
   * @throws Conflict if another sender does not finish in time.
   */
  once(key: string, send: () => Promise<void>): Promise<void>;
}

/** Days after which nobody can ask for a message again: a gate waits for a year at most. */
const keptDays = 400;
/** Longer than the timeout of a mail or chat service. */
const sendingMs = 30_000;
const pollMs = 500;

interface SendClock {
  /** Epoch milliseconds. */
  now(): number;
  sleep(ms: number): Promise<unknown>;
}

/** Sent messages are stored in the table of the gates, which most of them are about. */
export function createSentMessages(client: DynamoDBClient, tableName: string, clock: SendClock): SentMessages {
  const table = new Table(client, tableName);
  const sk = 'sent';
  return {
    async once(key, send) {
      const pk = `sent#${key}`;
      const sender = randomUUID();
      const change = (UpdateExpression: string, values: Record<string, unknown>): Promise<boolean> =>
        table.update(pk, sk, {
          UpdateExpression,
          ConditionExpression: 'sender = :me',
          ExpressionAttributeValues: { ':me': sender, ...values },
        });

      for (const giveUp = clock.now() + 2 * sendingMs; ; await clock.sleep(pollMs)) {
        const now = clock.now();
        const acquired = await table.put(
          { pk, sk, sender, sendingUntil: now + sendingMs, [expiresAt]: inDays(keptDays, now) },
          {
            ConditionExpression: 'attribute_not_exists(pk) OR (attribute_not_exists(sentAt) AND sendingUntil < :now)',
            ExpressionAttributeValues: { ':now': now },
          },
        );
        if (acquired) break;
        if ((await table.get(pk, sk))?.sentAt !== undefined) return;
        if (now > giveUp) throw new DrydockError('Conflict', 'Another sender of this message did not finish in time.');
      }
      try {
        await send();
      } catch (error) {
        // If this write fails too, the lease expires and another caller sends.
        await change('SET sendingUntil = :over', { ':over': 0 }).catch(() => undefined);
        throw error;
      }
      await change('SET sentAt = :at', { ':at': new Date(clock.now()).toISOString() });
    },
  };
}
