const plain = (name: string): string => name.trim().toLowerCase();

/** The checkpoints of a spec at which nobody was asked yet. An agent may write a name with other capitals. */
export function checkpointsLeft(named: readonly string[], passed: readonly string[] = []): string[] {
  const known = new Set(passed.map(plain));
  return named.filter((name) => !known.has(plain(name)));
}
