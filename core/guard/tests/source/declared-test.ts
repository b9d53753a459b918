/** A declared test, as a range of tokens. */
export interface Declared {
  name: string;
  line: number;
  from: number;
  /** The first token of what it does. */
  body: number;
  to: number;
  /** What keeps it, or other tests, from being run: `skip`, `only`, a condition. */
  marks: string[];
}

/** Tests in tests that are looked at. */
const maxNested = 8;

/** Leaves out tests that nobody nests so deep, because each is read with all that it holds. */
export function withoutDeep(tests: Declared[]): Declared[] {
  const open: Declared[] = [];
  return tests.filter((test) => {
    while (open.length > 0 && (open.at(-1) as Declared).to <= test.from) open.pop();
    if (open.length >= maxNested) return false;
    open.push(test);
    return true;
  });
}
