/** Whether a field that is not built yet is left out, or is an empty list or map, which asks for nothing. */
export const asksForNothing = (value: unknown): boolean =>
  value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
