import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { pkOf } from './table/keys.ts';
import { Table } from './table/table.ts';
import { expiresAt, inDays } from './table/tables.ts';

/** Days after which no attempt runs that a grant could be of. */
const keptDays = 30;

/** Who may use the grant of an attempt: the first caller, by the digest of a secret that only it knows. */
export interface GrantHolders {
  /**
   * Makes this caller the holder if there is none yet.
   * @param proof Digest of the caller's secret.
   * @returns Whether this caller is the holder.
   */
  hold(phaseKey: string, proof: string): Promise<boolean>;
}

/** Holders are stored in the table of the gates, beside the phases. */
export function createGrantHolders(
  client: DynamoDBClient,
  tableName: string,
  now: () => number = Date.now,
): GrantHolders {
  const table = new Table(client, tableName);
  return {
    async hold(phaseKey, proof) {
      const key = { pk: pkOf(phaseKey), sk: `grant#${phaseKey}` };
      if (
        await table.put(
          { ...key, proof, [expiresAt]: inDays(keptDays, now()) },
          { ConditionExpression: 'attribute_not_exists(pk)' },
        )
      )
        return true;
      return (await table.get(key.pk, key.sk))?.proof === proof;
    },
  };
}
