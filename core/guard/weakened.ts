import { blobsByPath } from '../run/change-set.ts';
import type { GuardInput } from './guard.ts';
import { pathMatcher } from './paths.ts';
import type { Violation } from './violation.ts';

/** Files that hold tests, by the conventions of the toolchains we know. */
const testFile =
  /(?:^|\/)(?:tests?|__tests__|spec|e2e)\/.*\.(?:[cm]?[jt]sx?|py|java|kt|go|rs|rb)$|\.(?:test|spec)\.[cm]?[jt]sx?$|(?:^|\/)test_[^/]+\.py$|_test\.(?:go|py)$|(?:^|\/)[^/]*Tests?\.(?:java|kt)$/;
/** Configuration that decides which tests run and what counts as passed. */
const testConfig =
  /(?:^|\/)(?:vitest|jest|playwright|karma|cypress|mocha)\.[^/]*$|(?:^|\/)\.mocharc[^/]*$|(?:^|\/)(?:pytest\.ini|tox\.ini|conftest\.py|setup\.cfg|\.nycrc[^/]*|codecov\.ya?ml)$/;

const declared =
  /(?<![\w.])(?:it|test)(?:\.each[^(]*\([^)]*\))?\s*\(|\bdef test_\w*\s*\(|@(?:Parameterized)?Test\b|\bfunc Test\w*\s*\(|#\[(?:\w+::)?test\]/g;
const skipped =
  /(?<![\w.])(?:it|test|describe|suite)\.(?:skip|todo|only|fails|skipIf)\b|(?<![\w.])(?:xit|xtest|xdescribe|fit|fdescribe)\s*\(|\bskip\s*:\s*(?:true|['"`])|\btodo\s*:\s*true|@(?:unittest|pytest\.mark)\.(?:skip|skipif|xfail)\b|\bpytest\.skip\(|@(?:Disabled|Ignore)\b|\bt\.Skip(?:f|Now)?\(|#\[ignore\]/g;

/** Tests removed, newly skipped, or redirected. Removed and skipped ones are refused; the rest a reviewer sees first. */
export async function weakenedTests(
  input: Pick<GuardInput, 'change' | 'readBase'> & { task: Pick<GuardInput['task'], 'constraints'> },
): Promise<(Violation & { refused: boolean })[]> {
  const { change, readBase, task } = input;
  const contents = blobsByPath(change);
  const isTarget = pathMatcher(task.constraints.targetPaths);
  const found: (Violation & { refused: boolean })[] = [];
  const raise = (path: string, message: string, refused: boolean) =>
    found.push({ rule: 'TestsWeakened', path, message, refused });

  // Tests that moved to another file are not gone: what counts is the sum over the changed test files.
  let declaredBefore = 0;
  let declaredAfter = 0;
  const lost: string[] = [];
  for (const entry of change.manifest.entries) {
    const { path } = entry;
    const before = text(await readBase(path));
    const after = entry.op === 'put' ? text(contents.get(path)) : '';
    if (testFile.test(path)) {
      const [had, has] = [count(before, declared), count(after, declared)];
      declaredBefore += had;
      declaredAfter += has;
      if (has < had) lost.push(path);
      const skips = count(after, skipped) - count(before, skipped);
      if (skips > 0) raise(path, `${skips} more tests are skipped or singled out`, true);
    } else if (testConfig.test(path) && before !== '' && isTarget(path) === undefined) {
      raise(path, 'changes how tests are run, and the spec does not name it', false);
    } else if (/(?:^|\/)package\.json$/.test(path) && before !== '' && testScripts(before) !== testScripts(after)) {
      raise(path, 'changes the test scripts', false);
    }
  }
  if (declaredAfter < declaredBefore) {
    const gone = `${declaredBefore - declaredAfter} of ${declaredBefore} tests in the changed files are gone`;
    for (const path of lost) raise(path, gone, true);
  }
  return found;
}

const count = (content: string, pattern: RegExp): number => [...content.matchAll(pattern)].length;

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes ?? new Uint8Array());

/** The scripts and settings of a package.json that decide about tests, as comparable text. */
function testScripts(content: string): string {
  try {
    const value = JSON.parse(content) as Record<string, unknown>;
    const scripts = Object.entries((value.scripts ?? {}) as Record<string, unknown>);
    const kept = scripts.filter(([name]) => /test|coverage|check|ci|lint/.test(name)).sort();
    return JSON.stringify([kept, value.jest ?? null, value.mocha ?? null, value.vitest ?? null]);
  } catch {
    return content;
  }
}
