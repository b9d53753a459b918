import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type Credentials, type MintedCredential, mintedCredential } from '../../../core/ports/host/credentials.ts';
import { parseStored } from '../../../core/run/parse-stored.ts';
import { strip } from './table/keys.ts';
import { Table } from './table/table.ts';

/** One partition: a credential is stored for an hour at most, and the sweep after a crash reads all of them. */
const pk = 'credentials';

/** Minted credentials are stored in the table of the gates, beside the other encrypted tokens. */
export function createCredentials(client: DynamoDBClient, tableName: string): Credentials {
  const table = new Table(client, tableName);
  const find = async (prefix: string): Promise<MintedCredential[]> =>
    (await table.query(pk, prefix)).map((item) => parseStored(mintedCredential, strip(item), 'A minted credential'));
  return {
    async remember(credential) {
      await table.put({ pk, sk: `${credential.owner}#${credential.id}`, ...credential });
    },
    of: (owner) => find(`${owner}#`),
    owners: async () => [...new Set((await find('')).map(({ owner }) => owner))],
    forget: (owner, id) => table.delete(pk, `${owner}#${id}`),
  };
}
