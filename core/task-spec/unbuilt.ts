/** Whether the value of a field that is not built yet is absent, or an empty list or map. */
export const asksForNothing = (value: unknown): boolean =>
  value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
