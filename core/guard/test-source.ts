/** Counts in a test file of a supported toolchain: Node, Python, Java and Kotlin, Go, Rust. */
export interface TestCounts {
  /** Declared tests, including skipped ones. */
  declared: number;
  /** Marks that skip tests or run only some of them. */
  skipped: number;
  assertions: number;
}

/**
 * Bytes. A larger test file is not counted, and a person is told so: the text comes from a sandbox, and nobody reviews a
 * test file of this size.
 */
export const maxTestFile = 1024 * 1024;

const testFile =
  /(?:^|\/)(?:tests?|__tests__|specs?|e2e)\/.*\.(?:[cm]?[jt]sx?|py|java|kt|go|rs|rb)$|\.(?:test|spec)\.[cm]?[jt]sx?$|(?:^|\/)test_[^/]+\.py$|_test\.(?:go|py)$|(?:^|\/)[^/]*Tests?\.(?:java|kt)$/;

/** By the conventions of the toolchains. Any Rust file may contain tests, because Rust keeps them beside the code. */
export const mayHoldTests = (path: string): boolean => testFile.test(path) || path.endsWith('.rs');

// Each repetition has a limit, so that no text makes the search take more than linear time.
const declared =
  /(?<![\w.])[xf]?(?:it|test|specify)(?:\.(?!describe|before|after|use\b|step|extend|set)\w{1,40}){0,8}\s{0,40}[(`]|\bdef test_?\w{0,200}\s{0,40}\(|@(?:ParameterizedTest|RepeatedTest|TestFactory|Test)\b|\bfunc (?:Test|Fuzz)\w{0,200}\s{0,40}\(|#\[(?:\w{1,40}::){0,8}(?:test|rstest)\b/g;

const skipped = [
  /(?<![\w.])(?:it|test|describe|suite|context|specify)(?:\.\w{1,40}){0,8}\.(?:skip|todo|only|fails|skipIf|runIf|fixme)\b/g,
  /(?<![\w.])(?:xit|xtest|xspecify|xdescribe|xcontext|fit|fdescribe|fcontext)\s{0,40}\(/g,
  /(?<![\w.])["']?(?:skip|only)["']?\s{0,40}:\s{0,40}(?!false\b|undefined\b|[\d\s])|(?<![\w.])todo\s{0,40}:\s{0,40}true\b/g,
  /(?<![\w.])(?:t|this|ctx)\.(?:skip|todo)\s{0,40}\(/g,
  /@(?:unittest\.)?skip(?:If|Unless)?\b|\bpytest\.mark\.(?:skip|skipif|xfail)\b|\bpytest\.(?:skip|xfail|importorskip)\s{0,40}\(|\.skipTest\s{0,40}\(|\bSkipTest\b/g,
  /@(?:Disabled|Ignore)/g,
  /\b[tbf]\.Skip(?:f|Now)?\s{0,40}\(|^\/\/go:build ignore\b/gm,
  /#\[ignore\b|#\[cfg_attr\([^\]\n]{0,200}\bignore\b/g,
];

const assertion =
  /\b(?:expect|assert\w{0,40}|should)\b\s{0,40}[.(!]|\brequire\.\w|^[^\S\n]{0,200}assert\s|\bt\.(?:Error|Fatal)f?\s{0,40}\(/gm;

export function countTests(source: string): TestCounts {
  const code = withoutComments(source);
  return {
    declared: count(code, declared),
    skipped: skipped.reduce((sum, each) => sum + count(code, each), 0),
    assertions: count(code, assertion),
  };
}

function count(code: string, pattern: RegExp): number {
  let found = 0;
  pattern.lastIndex = 0;
  while (pattern.test(code)) found++;
  return found;
}

/**
 * The source without its comment lines, and without block comments that begin a line: a test in a comment does not
 * count. Reads each line once.
 */
function withoutComments(source: string): string {
  const kept: string[] = [];
  const lastEnd = source.lastIndexOf('*/');
  for (let at = 0; at < source.length; ) {
    const next = endOfLine(source, at);
    const start = firstInk(source, at, next);
    if (source.startsWith('/*', start) && start + 2 <= lastEnd) {
      // The text after the comment may be code.
      at = source.indexOf('*/', start + 2) + 2;
      continue;
    }
    if (!isCommentLine(source, start)) kept.push(source.slice(at, next));
    at = next;
  }
  return kept.join('');
}

const isCommentLine = (source: string, start: number): boolean =>
  (source.startsWith('//', start) && !source.startsWith('go:build', start + 2)) ||
  (source[start] === '#' && source[start + 1] !== '[') ||
  source.startsWith('<!--', start);

/** Offset after the line feed of the line that holds `at`. */
function endOfLine(source: string, at: number): number {
  const feed = source.indexOf('\n', at);
  return feed < 0 ? source.length : feed + 1;
}

function firstInk(source: string, from: number, to: number): number {
  let at = from;
  while (at < to && (source[at] === ' ' || source[at] === '\t' || source[at] === '\r')) at++;
  return at;
}
