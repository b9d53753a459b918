import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Sightings } from '../../../core/ports/stores.ts';
import { Table } from './table.ts';

const specsPk = (repository: string): string => `specs#${repository}`;
const linksPk = (repository: string): string => `links#${repository}`;
const absent = { ConditionExpression: 'attribute_not_exists(pk)' };

/** Sightings live in the table of the runs they lead to. */
export function createSightings(client: DynamoDBClient, tableName: string): Sightings {
  const table = new Table(client, tableName);
  return {
    async specs(repository) {
      return new Set((await table.query(specsPk(repository), 'blob#')).map((item) => String(item.sk).slice(5)));
    },
    async rememberSpec(repository, blob, note) {
      await table.put({ pk: specsPk(repository), sk: `blob#${blob}`, note }, absent);
    },
    adopted: async (repository) => (await table.get(specsPk(repository), 'adopted')) !== undefined,
    async adopt(repository) {
      await table.put({ pk: specsPk(repository), sk: 'adopted' }, absent);
    },
    async link(repository, key, runId) {
      await table.put({ pk: linksPk(repository), sk: key, runId });
    },
    async linked(repository, key) {
      const item = await table.get(linksPk(repository), key);
      return item && String(item.runId);
    },
  };
}
