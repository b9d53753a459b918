import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  TransactionCanceledException,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  type NativeAttributeValue,
  PutCommand,
  type PutCommandInput,
  QueryCommand,
  type QueryCommandInput,
  TransactWriteCommand,
  type TransactWriteCommandInput,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';

export type Item = Record<string, NativeAttributeValue>;
type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

/** Attempts of a write that conflicts with a transaction; with full jitter over 2^n · 10 ms, about 10 s in total. */
const maxAttempts = 10;
/** DynamoDB's limit of keys per batch. */
const batchSize = 100;

/** A thin layer over one table with keys `pk` and `sk`: conditions return booleans, conflicts are retried. */
export class Table {
  readonly name: string;
  readonly #client: DynamoDBDocumentClient;
  readonly #random: () => number;

  constructor(client: DynamoDBClient, name: string, random: () => number = Math.random) {
    this.name = name;
    this.#random = random;
    this.#client = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  }

  async get(pk: string, sk: string): Promise<Item | undefined> {
    const out = await this.#client.send(
      new GetCommand({ TableName: this.name, Key: { pk, sk }, ConsistentRead: true }),
    );
    return out.Item;
  }

  /** The existing items, in no order; strongly consistent. @param keys Without duplicates. */
  async batchGet(keys: { pk: string; sk: string }[]): Promise<Item[]> {
    const items: Item[] = [];
    let wanted: Item[] = keys;
    for (let attempt = 0; wanted.length > 0; attempt++) {
      // Keys that did not fit the response or were throttled are requested again.
      if (attempt > 0) await sleep(this.#random() * 10 * 2 ** Math.min(attempt, maxAttempts));
      const batches = chunks(wanted, batchSize);
      wanted = [];
      for (const Keys of batches) {
        const { Responses, UnprocessedKeys } = await this.#client.send(
          new BatchGetCommand({ RequestItems: { [this.name]: { Keys, ConsistentRead: true } } }),
        );
        items.push(...(Responses?.[this.name] ?? []));
        wanted.push(...(UnprocessedKeys?.[this.name]?.Keys ?? []));
      }
    }
    return items;
  }

  /** @returns False if the condition did not hold. */
  async put(item: Item, condition?: Omit<PutCommandInput, 'TableName' | 'Item'>): Promise<boolean> {
    return this.#conditional(() =>
      this.#client.send(new PutCommand({ TableName: this.name, Item: item, ...condition })),
    );
  }

  /** @returns False if the condition did not hold. */
  async update(pk: string, sk: string, update: Omit<UpdateCommandInput, 'TableName' | 'Key'>): Promise<boolean> {
    return this.#conditional(() =>
      this.#client.send(new UpdateCommand({ TableName: this.name, Key: { pk, sk }, ...update })),
    );
  }

  async delete(pk: string, sk: string): Promise<void> {
    await this.#client.send(new DeleteCommand({ TableName: this.name, Key: { pk, sk } }));
  }

  /** Items of a partition whose sort key starts with `prefix`, in the order of the sort key; strongly consistent. */
  async query(pk: string, prefix = ''): Promise<Item[]> {
    return this.queryRaw({
      KeyConditionExpression: prefix === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: prefix === '' ? { ':pk': pk } : { ':pk': pk, ':prefix': prefix },
      ConsistentRead: true,
    });
  }

  /** One page, and the key after which the next one starts if there may be one. */
  async queryPage(query: Omit<QueryCommandInput, 'TableName'>): Promise<{ items: Item[]; next?: Item }> {
    const { Items = [], LastEvaluatedKey } = await this.#client.send(
      new QueryCommand({ TableName: this.name, ...query }),
    );
    return { items: Items, ...(LastEvaluatedKey ? { next: LastEvaluatedKey } : {}) };
  }

  async queryRaw(query: Omit<QueryCommandInput, 'TableName'>): Promise<Item[]> {
    const items: Item[] = [];
    let startKey: Item | undefined;
    do {
      const out = await this.#client.send(
        new QueryCommand({ TableName: this.name, ...query, ...(startKey ? { ExclusiveStartKey: startKey } : {}) }),
      );
      items.push(...(out.Items ?? []));
      startKey = out.LastEvaluatedKey;
    } while (startKey && (query.Limit === undefined || items.length < query.Limit));
    return items;
  }

  /**
   * Writes all items or none. Returns `undefined` if they were written, otherwise the reason of each item (`None` or
   * `ConditionalCheckFailed`), in the order of the items.
   */
  async transact(items: TransactItem[]): Promise<string[] | undefined> {
    return this.#retrying(async () => {
      try {
        await this.#client.send(new TransactWriteCommand({ TransactItems: items }));
        return undefined;
      } catch (error) {
        const reasons = cancellationReasons(error);
        if (reasons?.includes('ConditionalCheckFailed')) return reasons;
        throw error;
      }
    });
  }

  async #conditional(write: () => Promise<unknown>): Promise<boolean> {
    return this.#retrying(async () => {
      try {
        await write();
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    });
  }

  /** Retries a write that conflicts with a transaction: DynamoDB has written nothing then. */
  async #retrying<T>(write: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await write();
      } catch (error) {
        const conflict =
          error instanceof TransactionConflictException || cancellationReasons(error)?.includes('TransactionConflict');
        if (!conflict || attempt >= maxAttempts) throw error;
        await sleep(this.#random() * 10 * 2 ** attempt);
      }
    }
  }
}

/** The cancellation reason of each item; `undefined` for other errors and for unknown reasons. */
function cancellationReasons(error: unknown): string[] | undefined {
  if (!(error instanceof TransactionCanceledException)) return undefined;
  const reasons = (error.CancellationReasons ?? []).map((reason) => reason.Code ?? 'None');
  const expected = new Set(['None', 'ConditionalCheckFailed', 'TransactionConflict']);
  return reasons.every((reason) => expected.has(reason)) ? reasons : undefined;
}

const chunks = <T>(all: T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.slice(index * size, (index + 1) * size));

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
