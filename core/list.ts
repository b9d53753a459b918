import { z } from 'zod';

/**
 * A list of items from an untrusted source. Unlike an array of zod's it counts before it reads, and stops at the first
 * invalid item: a report about each of half a million would take a gigabyte.
 */
export const list = <Item extends z.ZodType>(item: Item, max = Number.MAX_SAFE_INTEGER) =>
  z
    .array(z.unknown())
    .max(max)
    .transform((values, context): z.output<Item>[] => {
      const items: z.output<Item>[] = [];
      for (const [index, value] of values.entries()) {
        const parsed = item.safeParse(value);
        const issue = parsed.error?.issues[0];
        if (issue !== undefined) {
          context.addIssue({ ...issue, path: [index, ...issue.path] } as Parameters<typeof context.addIssue>[0]);
          return z.NEVER;
        }
        items.push(parsed.data as z.output<Item>);
      }
      return items;
    });
