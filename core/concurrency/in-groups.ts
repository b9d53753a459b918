/**
 * Does work in groups: the groups at the same time, the items of a group one after the other. After an item for which
 * `work` gives `false`, the rest of its group is left.
 */
export async function inGroups<T>(
  items: readonly T[],
  groupOf: (item: T) => string,
  work: (item: T) => Promise<boolean>,
): Promise<void> {
  await Promise.all(
    [...Map.groupBy(items, groupOf).values()].map(async (group) => {
      for (const item of group) if (!(await work(item))) return;
    }),
  );
}
