import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  ResourceInUseException,
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

/** Attempts of a write that a transaction got in the way of; with full jitter over 2^n · 10 ms, about 10 s in all. */
const conflictAttempts = 10;
/** The most that DynamoDB reads at once. */
const batchSize = 100;

/** Thin access to one table of `pk` and `sk`: conditions come back as booleans, conflicts are tried again. */
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

  /** Those that are there, in no order; strongly consistent. @param keys each once. */
  async batchGet(keys: { pk: string; sk: string }[]): Promise<Item[]> {
    const items: Item[] = [];
    let wanted: Item[] = keys;
    for (let attempt = 0; wanted.length > 0; attempt++) {
      // What did not fit the answer, or was throttled, is asked for again.
      if (attempt > 0) await sleep(this.#random() * 10 * 2 ** Math.min(attempt, conflictAttempts));
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

  /** False when the condition did not hold. */
  async put(item: Item, condition?: Omit<PutCommandInput, 'TableName' | 'Item'>): Promise<boolean> {
    return this.#conditional(() =>
      this.#client.send(new PutCommand({ TableName: this.name, Item: item, ...condition })),
    );
  }

  /** False when the condition did not hold. */
  async update(pk: string, sk: string, update: Omit<UpdateCommandInput, 'TableName' | 'Key'>): Promise<boolean> {
    return this.#conditional(() =>
      this.#client.send(new UpdateCommand({ TableName: this.name, Key: { pk, sk }, ...update })),
    );
  }

  async delete(pk: string, sk: string): Promise<void> {
    await this.#client.send(new DeleteCommand({ TableName: this.name, Key: { pk, sk } }));
  }

  /** Items of a partition whose sort key begins with `prefix`, in order of the sort key; strongly consistent. */
  async query(pk: string, prefix = ''): Promise<Item[]> {
    return this.queryRaw({
      KeyConditionExpression: prefix === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: prefix === '' ? { ':pk': pk } : { ':pk': pk, ':prefix': prefix },
      ConsistentRead: true,
    });
  }

  async queryRaw(query: Omit<QueryCommandInput, 'TableName'>): Promise<Item[]> {
    const items: Item[] = [];
    let from: Item | undefined;
    do {
      const out = await this.#client.send(
        new QueryCommand({ TableName: this.name, ...query, ...(from ? { ExclusiveStartKey: from } : {}) }),
      );
      items.push(...(out.Items ?? []));
      from = out.LastEvaluatedKey;
    } while (from && (query.Limit === undefined || items.length < query.Limit));
    return items;
  }

  /**
   * All or nothing. Returns undefined when it was written, else the reason of each item (`None`, or
   * `ConditionalCheckFailed`), in the order of the items.
   */
  async transact(items: TransactItem[]): Promise<string[] | undefined> {
    return this.#again(async () => {
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
    return this.#again(async () => {
      try {
        await write();
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    });
  }

  /** Tries again what a transaction got in the way of: nothing of it was written. */
  async #again<T>(write: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await write();
      } catch (error) {
        const conflict =
          error instanceof TransactionConflictException || cancellationReasons(error)?.includes('TransactionConflict');
        if (!conflict || attempt >= conflictAttempts) throw error;
        await sleep(this.#random() * 10 * 2 ** attempt);
      }
    }
  }
}

/** Why a transaction was cancelled, item by item; undefined for other errors and for reasons we do not know. */
function cancellationReasons(error: unknown): string[] | undefined {
  if (!(error instanceof TransactionCanceledException)) return undefined;
  const reasons = (error.CancellationReasons ?? []).map((reason) => reason.Code ?? 'None');
  const expected = new Set(['None', 'ConditionalCheckFailed', 'TransactionConflict']);
  return reasons.every((reason) => expected.has(reason)) ? reasons : undefined;
}

const chunks = <T>(all: T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size));

export const isTableThere = (error: unknown): boolean => error instanceof ResourceInUseException;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
