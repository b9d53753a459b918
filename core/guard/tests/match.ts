import type { TestFacts } from './source/facts.ts';

/** A test before and after the change. */
export interface Pair {
  before: TestFacts;
  after: TestFacts;
}

export interface Matched {
  pairs: Pair[];
  /** Tests of which nothing is left, and new ones. */
  gone: TestFacts[];
  added: TestFacts[];
}

/** Tests of one side that are compared with each other if their names differ; more are matched by name and text only. */
const maxCompared = 100;

/** Finds each test again: by its name in its file, by its name, by its text, by what it asserts. */
export function matchTests(before: TestFacts[], after: TestFacts[]): Matched {
  const pairs: Pair[] = [];
  let [gone, added] = [before, after];
  const match = (key: (test: TestFacts) => string | undefined): void => {
    const free = new Map<string, TestFacts[]>();
    for (const test of added) {
      const name = key(test);
      if (name !== undefined) free.set(name, [...(free.get(name) ?? []), test]);
    }
    const taken = new Set<TestFacts>();
    const next = new Map<string, number>();
    gone = gone.filter((test) => {
      const name = key(test);
      const at = next.get(name ?? '') ?? 0;
      const found = name === undefined ? undefined : free.get(name)?.[at];
      if (!found) return true;
      next.set(name ?? '', at + 1);
      taken.add(found);
      pairs.push({ before: test, after: found });
      return false;
    });
    added = added.filter((test) => !taken.has(test));
  };
  match(({ path, name }) => `${path}\n${name}`);
  match(({ name }) => name);
  match(({ text }) => text);
  match(({ checks }) => (checks.length === 0 ? undefined : checks.map(({ text }) => text).join('\n')));
  if (gone.length <= maxCompared && added.length <= maxCompared) {
    const words = new Map([...gone, ...added].map((test) => [test, new Set(test.text.split(' ').slice(0, 1_000))]));
    const candidates = gone
      .flatMap((test) => added.map((other) => ({ before: test, after: other, alike: alike(test, other, words) })))
      .filter((each) => each.alike >= 0.5)
      .sort((a, b) => b.alike - a.alike);
    const used = new Set<TestFacts>();
    for (const { before: old, after: now } of candidates) {
      if (used.has(old) || used.has(now)) continue;
      used.add(old);
      used.add(now);
      pairs.push({ before: old, after: now });
    }
    gone = gone.filter((test) => !used.has(test));
    added = added.filter((test) => !used.has(test));
  }
  return { pairs, gone, added };
}

/** Share of words that two tests have in common. A test that asserts less is not the other one under a new name. */
function alike(a: TestFacts, b: TestFacts, words: Map<TestFacts, Set<string>>): number {
  if (b.checks.length < a.checks.length || a.checks.length === 0) return 0;
  const [left, right] = [words.get(a) ?? new Set(), words.get(b) ?? new Set()];
  let common = 0;
  for (const word of left) if (right.has(word)) common++;
  return common / Math.max(1, Math.min(left.size, right.size));
}
