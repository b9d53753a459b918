/** The entries that stay. */
export const prune = (entries) => entries;
