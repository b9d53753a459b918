import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Credentials, MintedCredential } from '../../../core/ports/host/credentials.ts';
import { Table } from './table.ts';

/** One partition: a credential is here for an hour at most, and whoever sweeps wants them all. */
const pk = 'credentials';

/** Minted credentials live in the table of the gates, beside the other sealed tokens. */
export function createCredentials(client: DynamoDBClient, tableName: string): Credentials {
  const table = new Table(client, tableName);
  const of = async (prefix: string): Promise<MintedCredential[]> =>
    (await table.query(pk, prefix)).map(
      ({ pk: _pk, sk: _sk, ...credential }) => credential as unknown as MintedCredential,
    );
  return {
    async remember(credential) {
      await table.put({ pk, sk: `${credential.owner}#${credential.id}`, ...credential });
    },
    of: (owner) => of(`${owner}#`),
    owners: async () => [...new Set((await of('')).map(({ owner }) => owner))],
    forget: (owner, id) => table.delete(pk, `${owner}#${id}`),
  };
}
