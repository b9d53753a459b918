import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { RunLinks } from '../../../core/ports/store/run-links.ts';
import { Table } from './table/table.ts';

const linksPk = (repository: string): string => `links#${repository}`;

/** Links are stored in the table of the runs. */
export function createRunLinks(client: DynamoDBClient, tableName: string): RunLinks {
  const table = new Table(client, tableName);
  return {
    async link(repository, key, runId) {
      await table.put({ pk: linksPk(repository), sk: key, runId });
    },
    async find(repository, key) {
      const item = await table.get(linksPk(repository), key);
      return item && String(item.runId);
    },
  };
}
