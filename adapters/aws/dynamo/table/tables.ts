import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';

/** Names of the three tables. On AWS they come from the stack; on one machine they are fixed. */
interface TableNames {
  runs: string;
  ledger: string;
  gates: string;
}

export const localTables: TableNames = { runs: 'runs', ledger: 'ledger', gates: 'gates' };

/**
 * Index of run records by creation time; read backwards, it gives the newest runs first. It projects keys only: with
 * all attributes, each change of a run would be written, and charged, twice.
 */
export const byTimeIndex = 'byTime';

const keys = {
  BillingMode: 'PAY_PER_REQUEST',
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'S' },
  ],
} as const;

/** Requests that create the tables. The stack (lib/storage) declares the same schema. */
export function createTableRequests(names: TableNames): CreateTableCommandInput[] {
  return [
    {
      TableName: names.runs,
      BillingMode: keys.BillingMode,
      KeySchema: [...keys.KeySchema],
      AttributeDefinitions: [
        ...keys.AttributeDefinitions,
        { AttributeName: 'listKey', AttributeType: 'S' },
        { AttributeName: 'createdAt', AttributeType: 'S' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: byTimeIndex,
          KeySchema: [
            { AttributeName: 'listKey', KeyType: 'HASH' },
            { AttributeName: 'createdAt', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    },
    ...[names.ledger, names.gates].map((TableName) => ({
      TableName,
      BillingMode: keys.BillingMode,
      KeySchema: [...keys.KeySchema],
      AttributeDefinitions: [...keys.AttributeDefinitions],
    })),
  ];
}
