import type { NativeAttributeValue } from '@aws-sdk/lib-dynamodb';
import type { Item } from './table.ts';

/** SHA-256 digests and git's ids: most of a run's record. */
const hex = /^(?:[0-9a-f]{64}|[0-9a-f]{40})$/;
/** Stands for the run id at the start of a text; at the start of another text it is doubled. */
const mark = '~';

/**
 * An item as it is stored: digests as bytes, which are half as long as hex digits, and ids of gates and phases without
 * the run id they begin with. A write is charged per KiB, and packed, the changing part of a record fits into one.
 */
export const pack = (item: Item, runId: string): Item => mapValues(item, (text) => packText(text, runId));

/** The reverse of {@link pack}. */
export const unpack = (item: Item, runId: string): Item => mapValues(item, (text) => unpackText(text, runId));

function packText(value: unknown, runId: string): NativeAttributeValue {
  if (typeof value !== 'string') return value;
  if (hex.test(value)) return Uint8Array.from(Buffer.from(value, 'hex'));
  const rest = value.startsWith(runId) ? value.slice(runId.length) : undefined;
  if (rest !== undefined && !rest.startsWith(mark)) return `${mark}${rest}`;
  return value.startsWith(mark) ? `${mark}${value}` : value;
}

function unpackText(value: unknown, runId: string): NativeAttributeValue {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (typeof value !== 'string' || !value.startsWith(mark)) return value;
  return value.startsWith(mark + mark) ? value.slice(1) : runId + value.slice(1);
}

function mapValues(item: Item, change: (value: unknown) => NativeAttributeValue): Item {
  const walk = (value: unknown): NativeAttributeValue => {
    if (Array.isArray(value)) return value.map(walk);
    if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return change(value);
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, walk(each)]));
  };
  return walk(item) as Item;
}
