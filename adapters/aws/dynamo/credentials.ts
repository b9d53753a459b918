import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Credentials, MintedCredential } from '../../../core/ports.ts';
import { Table } from './table.ts';

const pkOf = (owner: string): string => `credentials#${owner}`;

/** Minted credentials live in the table of the gates, beside the other sealed tokens. */
export function createCredentials(client: DynamoDBClient, tableName: string): Credentials {
  const table = new Table(client, tableName);
  return {
    async remember(credential) {
      await table.put({ pk: pkOf(credential.owner), sk: credential.id, ...credential });
    },
    async of(owner) {
      return (await table.query(pkOf(owner))).map(
        ({ pk: _pk, sk: _sk, ...credential }) => credential as unknown as MintedCredential,
      );
    },
    forget: (owner, id) => table.delete(pkOf(owner), id),
  };
}
