import type { NativeAttributeValue } from '@aws-sdk/lib-dynamodb';
import type { Item } from './table.ts';

/** SHA-256 digests and git object ids, which make up most of a run's record. */
const hex = /^(?:[0-9a-f]{64}|[0-9a-f]{40})$/;
/** Replaces the run id at the start of a text; a text that starts with this character gets a second one. */
const marker = '~';

/**
 * Packs an item for storage: digests as bytes, half as long as hex digits, and ids of gates and phases without their
 * run id. DynamoDB charges writes per KiB, and the packed state of a record fits into one.
 */
export const pack = (item: Item, runId: string): Item => mapValues(item, (text) => packText(text, runId));

/** The reverse of {@link pack}. */
export const unpack = (item: Item, runId: string): Item => mapValues(item, (text) => unpackText(text, runId));

function packText(value: unknown, runId: string): NativeAttributeValue {
  if (typeof value !== 'string') return value;
  if (hex.test(value)) return Uint8Array.from(Buffer.from(value, 'hex'));
  const rest = value.startsWith(runId) ? value.slice(runId.length) : undefined;
  if (rest !== undefined && !rest.startsWith(marker)) return `${marker}${rest}`;
  return value.startsWith(marker) ? `${marker}${value}` : value;
}

function unpackText(value: unknown, runId: string): NativeAttributeValue {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (typeof value !== 'string' || !value.startsWith(marker)) return value;
  return value.startsWith(marker + marker) ? value.slice(1) : runId + value.slice(1);
}

function mapValues(item: Item, change: (value: unknown) => NativeAttributeValue): Item {
  const walk = (value: unknown): NativeAttributeValue => {
    if (Array.isArray(value)) return value.map(walk);
    if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return change(value);
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, walk(each)]));
  };
  return walk(item) as Item;
}
