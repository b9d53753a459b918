/** What the order of parts depends on. */
export interface Node {
  id: string;
  depends_on: readonly string[];
}

/** Ids in an order in which each part comes after those that it depends on; parts of a circle are missing. */
export function topological(parts: readonly Node[]): string[] {
  const order: string[] = [];
  const done = new Set<string>();
  for (let added = true; added; ) {
    added = false;
    for (const { id, depends_on } of parts) {
      if (done.has(id) || !depends_on.every((each) => done.has(each))) continue;
      done.add(id);
      order.push(id);
      added = true;
    }
  }
  return order;
}

/** For each part, all parts that come before it, directly or not. */
export function ancestorsOf(parts: readonly Node[]): Map<string, Set<string>> {
  const byId = new Map(parts.map((part) => [part.id, part]));
  const found = new Map<string, Set<string>>();
  for (const id of topological(parts)) {
    const direct = byId.get(id)?.depends_on ?? [];
    found.set(id, new Set(direct.flatMap((each) => [each, ...(found.get(each) ?? [])])));
  }
  return found;
}
