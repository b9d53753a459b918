/** Counts in a test file of a supported toolchain: Node, Python, Java and Kotlin, Go, Rust. */
export interface TestCounts {
  /** Declared tests, including skipped ones. */
  declared: number;
  /** Marks that skip tests or run only some of them. */
  skipped: number;
  assertions: number;
}

const testFile =
  /(?:^|\/)(?:tests?|__tests__|specs?|e2e)\/.*\.(?:[cm]?[jt]sx?|py|java|kt|go|rs|rb)$|\.(?:test|spec)\.[cm]?[jt]sx?$|(?:^|\/)test_[^/]+\.py$|_test\.(?:go|py)$|(?:^|\/)[^/]*Tests?\.(?:java|kt)$/;

/** By the conventions of the toolchains. Any Rust file may contain tests, because Rust keeps them beside the code. */
export const mayHoldTests = (path: string): boolean => testFile.test(path) || path.endsWith('.rs');

const declared =
  /(?<![\w.])[xf]?(?:it|test|specify)(?:\.(?!describe|before|after|use\b|step|extend|set)\w+)*\s*[(`]|\bdef test_?\w*\s*\(|@(?:ParameterizedTest|RepeatedTest|TestFactory|Test)\b|\bfunc (?:Test|Fuzz)\w*\s*\(|#\[(?:\w+::)*(?:test|rstest)\b/g;

const skipped = new RegExp(
  [
    /(?<![\w.])(?:it|test|describe|suite|context|specify)(?:\.\w+)*\.(?:skip|todo|only|fails|skipIf|runIf|fixme)\b/,
    /(?<![\w.])(?:xit|xtest|xspecify|xdescribe|xcontext|fit|fdescribe|fcontext)\s*\(/,
    /(?<![\w.])["']?(?:skip|only)["']?\s*:\s*(?!false\b|undefined\b|[\d\s])|(?<![\w.])todo\s*:\s*true\b/,
    /(?<![\w.])(?:t|this|ctx|context|test)\.(?:skip|todo)\s*\(/,
    /@(?:unittest\.)?skip(?:If|Unless)?\b|\bpytest\.mark\.(?:skip|skipif|xfail)\b|\bpytest\.(?:skip|xfail|importorskip)\s*\(|\.skipTest\s*\(|\bSkipTest\b/,
    /@(?:Disabled|Ignore)\w*/,
    /\b[tbf]\.Skip(?:f|Now)?\s*\(|^\/\/go:build ignore\b/,
    /#\[ignore\b|#\[cfg_attr\([^\]]*\bignore\b/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'gm',
);

const assertion = /\b(?:expect|assert\w*|should)\b\s*[.(!]|\brequire\.\w|^\s*assert\s|\bt\.(?:Error|Fatal)f?\s*\(/gm;

/** Comment lines, and block comments that begin a line: a test in a comment does not count. */
const comments = /^\s*\/\*[\s\S]*?\*\/|^\s*(?:\/\/(?!go:build).*|#(?!\[).*|<!--.*)$/gm;

export function countTests(source: string): TestCounts {
  const code = source.replace(comments, '');
  const count = (pattern: RegExp): number => [...code.matchAll(pattern)].length;
  return { declared: count(declared), skipped: count(skipped), assertions: count(assertion) };
}
