/**
 * The properties whose value is not `undefined`, to spread into an object: under `exactOptionalPropertyTypes` an absent
 * property and an `undefined` one differ.
 */
export function defined<T extends object>(values: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}
