import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type Delivery, dueOf, type Outbox, type OutboxEntry, outboxEntry } from '../../../core/ports/store/outbox.ts';
import { parseStored } from '../../../core/run/parse-stored.ts';
import { type Item, Table } from './table/table.ts';
import { expiresAt, inDays } from './table/tables.ts';

/** Days after which nobody can ask for a message again: a gate waits for a year at most. */
const keptDays = 400;
const sk = 'notice';
/** Items of what is still to be sent; few at a time. */
const duePartition = 'notices#due';
/** By time, for the list. */
const listPartition = 'notices';

/** Messages are stored in the table of the gates, which most of them are about. */
export function createOutbox(client: DynamoDBClient, tableName: string): Outbox {
  const table = new Table(client, tableName);
  const pkOf = (key: string): string => `notice#${key}`;
  const expiry = (at: string) => ({ [expiresAt]: inDays(keptDays, Date.parse(at)) });
  const item = (entry: OutboxEntry): Item => ({
    pk: pkOf(entry.notice.key),
    sk,
    version: entry.version,
    body: JSON.stringify(entry),
    ...expiry(entry.notice.at),
  });
  /** What is due changes with the entry, or not at all. */
  const dueItem = (key: string, at: string, deliveries: readonly Delivery[]) => {
    const due = dueOf(deliveries);
    return due === undefined
      ? { Delete: { TableName: tableName, Key: { pk: duePartition, sk: key } } }
      : { Put: { TableName: tableName, Item: { pk: duePartition, sk: key, due, ...expiry(at) } } };
  };
  const get = async (key: string): Promise<OutboxEntry | undefined> => {
    const found = await table.get(pkOf(key), sk);
    return found && parsed(found);
  };
  return {
    get,
    async add(entry) {
      const { key, at } = entry.notice;
      await table.transact([
        { Put: { TableName: tableName, Item: item(entry), ConditionExpression: 'attribute_not_exists(pk)' } },
        { Put: { TableName: tableName, Item: { pk: listPartition, sk: `${at}#${key}`, key, ...expiry(at) } } },
        ...(dueOf(entry.deliveries) === undefined ? [] : [dueItem(key, at, entry.deliveries)]),
      ]);
      return (await get(key)) ?? entry;
    },
    async replace(entry, deliveries) {
      const next = { ...entry, deliveries, version: entry.version + 1 };
      const refused = await table.transact([
        {
          Put: {
            TableName: tableName,
            Item: item(next),
            ConditionExpression: 'version = :read',
            ExpressionAttributeValues: { ':read': entry.version },
          },
        },
        dueItem(entry.notice.key, entry.notice.at, deliveries),
      ]);
      return refused === undefined ? next : undefined;
    },
    async due(now, limit) {
      const items = await table.query(duePartition);
      return items
        .filter(({ due }) => String(due) <= now)
        .sort((a, b) => (String(a.due) < String(b.due) ? -1 : 1))
        .slice(0, limit)
        .map((found) => String(found.sk));
    },
    async list(limit) {
      const { items } = await table.queryPage({
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': listPartition },
        ScanIndexForward: false,
        Limit: limit,
      });
      const found = await table.batchGet(items.map(({ key }) => ({ pk: pkOf(String(key)), sk })));
      return found.map(parsed).sort((a, b) => (a.notice.at < b.notice.at ? 1 : a.notice.at > b.notice.at ? -1 : 0));
    },
  };
}

const parsed = ({ body }: Item): OutboxEntry => parseStored(outboxEntry, JSON.parse(String(body)), 'A message');
