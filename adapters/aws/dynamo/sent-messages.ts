import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DrydockError } from '../../../core/errors.ts';
import { Table } from './table/table.ts';

/** Makes sure that a message is sent once. */
export interface SentMessages {
  /**
   * Calls `send` unless a message with this key was sent. Of several callers at the same time one sends and the others
   * wait for its end. An error of `send` is thrown, and the next caller sends. When a sender dies, another takes over
   * after a while: people may receive a message twice, but never miss it.
   * @throws Conflict when another sender took too long.
   */
  once(key: string, send: () => Promise<void>): Promise<void>;
}

/** Longer than a mail or chat service takes to answer, its timeout included. */
const sendingMs = 30_000;
const pollMs = 500;

interface SendClock {
  /** Epoch milliseconds. */
  now(): number;
  sleep(ms: number): Promise<unknown>;
}

/** Stored in the table of the gates, which most messages are about. */
export function createSentMessages(client: DynamoDBClient, tableName: string, clock: SendClock): SentMessages {
  const table = new Table(client, tableName);
  const sk = 'sent';
  return {
    async once(key, send) {
      const pk = `sent#${key}`;
      const me = randomUUID();
      const change = (UpdateExpression: string, values: Record<string, unknown>): Promise<boolean> =>
        table.update(pk, sk, {
          UpdateExpression,
          ConditionExpression: 'sender = :me',
          ExpressionAttributeValues: { ':me': me, ...values },
        });

      for (const giveUp = clock.now() + 2 * sendingMs; ; await clock.sleep(pollMs)) {
        const now = clock.now();
        const mine = await table.put(
          { pk, sk, sender: me, sendingUntil: now + sendingMs },
          {
            ConditionExpression: 'attribute_not_exists(pk) OR (attribute_not_exists(sentAt) AND sendingUntil < :now)',
            ExpressionAttributeValues: { ':now': now },
          },
        );
        if (mine) break;
        if ((await table.get(pk, sk))?.sentAt !== undefined) return;
        if (now > giveUp)
          throw new DrydockError('Conflict', 'Another sender of this message has not finished for too long.');
      }
      try {
        await send();
      } catch (error) {
        // If this fails too, the sender's time runs out and another one sends.
        await change('SET sendingUntil = :over', { ':over': 0 }).catch(() => undefined);
        throw error;
      }
      await change('SET sentAt = :at', { ':at': new Date(clock.now()).toISOString() });
    },
  };
}
