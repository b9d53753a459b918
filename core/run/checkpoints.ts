const normalize = (name: string): string => name.trim().toLowerCase();

/** The checkpoints of a spec that have not been reached yet. Compared without case, because agents change the case. */
export function checkpointsLeft(named: readonly string[], passed: readonly string[] = []): string[] {
  const known = new Set(passed.map(normalize));
  return named.filter((name) => !known.has(normalize(name)));
}
