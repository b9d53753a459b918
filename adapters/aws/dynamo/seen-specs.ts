import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SeenSpecs } from '../../../core/ports/store/seen-specs.ts';
import { Table } from './table/table.ts';

const specsPk = (repository: string): string => `specs#${repository}`;
const absent = { ConditionExpression: 'attribute_not_exists(pk)' };

/** Seen specs are stored in the table of the runs. */
export function createSeenSpecs(client: DynamoDBClient, tableName: string): SeenSpecs {
  const table = new Table(client, tableName);
  return {
    async blobs(repository) {
      return new Set((await table.query(specsPk(repository), 'blob#')).map((item) => String(item.sk).slice(5)));
    },
    async remember(repository, blob, note) {
      await table.put({ pk: specsPk(repository), sk: `blob#${blob}`, note }, absent);
    },
    imported: async (repository) => (await table.get(specsPk(repository), 'adopted')) !== undefined,
    async markImported(repository) {
      await table.put({ pk: specsPk(repository), sk: 'adopted' }, absent);
    },
  };
}
