import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DrydockError } from '../../../core/errors.ts';
import { Table } from './table.ts';

/** Remembers what was said to whom. */
export interface Told {
  /**
   * Says it, unless it was said under that key. Of several at a time one speaks and the others wait for its end; what
   * it throws is thrown, and whoever comes next speaks. Who dies while speaking is spoken for a little later, so people
   * may hear it twice, and never not at all. @throws Conflict when another one spoke for too long.
   */
  once(key: string, say: () => Promise<void>): Promise<void>;
}

/** Longer than a service takes to answer or to be given up. */
const speakingMs = 30_000;
const pollMs = 500;

interface ToldClock {
  /** Epoch milliseconds. */
  now(): number;
  sleep(ms: number): Promise<unknown>;
}

/** Lives in the table of the gates, most of what is told being about them. */
export function createTold(client: DynamoDBClient, tableName: string, clock: ToldClock): Told {
  const table = new Table(client, tableName);
  const sk = 'told';
  return {
    async once(key, say) {
      const pk = `told#${key}`;
      const me = randomUUID();
      const change = (UpdateExpression: string, values: Record<string, unknown>): Promise<boolean> =>
        table.update(pk, sk, {
          UpdateExpression,
          ConditionExpression: 'speaker = :me',
          ExpressionAttributeValues: { ':me': me, ...values },
        });

      for (const giveUp = clock.now() + 2 * speakingMs; ; await clock.sleep(pollMs)) {
        const now = clock.now();
        const mine = await table.put(
          { pk, sk, speaker: me, speaksUntil: now + speakingMs },
          {
            ConditionExpression: 'attribute_not_exists(pk) OR (attribute_not_exists(toldAt) AND speaksUntil < :now)',
            ExpressionAttributeValues: { ':now': now },
          },
        );
        if (mine) break;
        if ((await table.get(pk, sk))?.toldAt !== undefined) return;
        if (now > giveUp) throw new DrydockError('Conflict', 'Somebody else has been telling this for too long.');
      }
      try {
        await say();
      } catch (error) {
        // Where this fails too, the time to speak runs out.
        await change('SET speaksUntil = :over', { ':over': 0 }).catch(() => undefined);
        throw error;
      }
      await change('SET toldAt = :at', { ':at': new Date(clock.now()).toISOString() });
    },
  };
}
