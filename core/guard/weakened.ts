import { blobsByPath } from '../run/change-set.ts';
import { isHelper } from './attention/compared.ts';
import { isLockFile, kindOf } from './attention/file-kinds.ts';
import { type BaseTree, type GuardInput, textOf } from './input.ts';
import { mayNamePrograms, unnamedPrograms } from './install-scripts.ts';
import { changedSources, isReadableLock } from './locks/packages.ts';
import { pathMatcher } from './paths.ts';
import { compareTests, type Finding } from './tests/compare.ts';
import { holdsTestSettings } from './tests/settings/files.ts';
import { testSettingChanges } from './tests/settings/settings.ts';
import { changedSnapshots, isSnapshot } from './tests/snapshots.ts';
import { type FileFacts, factsOf } from './tests/source/facts.ts';
import { asksWhetherTested } from './tests/tested.ts';
import { byPath, type Violation } from './violation.ts';

/**
 * Bytes. A larger test file is not compared, and a person is told so: the text comes from a sandbox, and nobody reviews a
 * test file of this size.
 */
const maxTestFile = 1024 * 1024;
/** Bytes of both versions of all test files together, because their tokens are held at the same time. */
const maxTestBytes = 3 * 1024 * 1024;

export type WeakenedInput = Pick<GuardInput, 'change' | 'base'> & {
  task: Pick<GuardInput['task'], 'constraints'>;
  tree?: BaseTree;
};
export type Weakened = Violation & { refused: boolean };

/**
 * Finds weakened tests. `refused` until a person accepts them are tests that are gone or do not run any more, and what
 * keeps failures from being reported; assertions that ask for less and changed settings are only shown to the reviewer
 * first. It compares the text of both versions, which finds careless weakening; it does not replace the review of the diff.
 */
export function weakenedTests(input: WeakenedInput): Weakened[] {
  const { change, base, task, tree } = input;
  const contents = blobsByPath(change);
  const isTarget = pathMatcher(task.constraints.targetPaths);
  const found: Weakened[] = [];
  const raise = ({ path, message, refused }: Finding) => found.push({ rule: 'TestsWeakened', path, message, refused });

  const sides: { before: { path: string; text: string }[]; after: { path: string; text: string }[] } = {
    before: [],
    after: [],
  };
  const snapshots: { path: string; before: string; after: string }[] = [];
  let sourceChanged = false;
  let testBytes = 0;
  for (const entry of change.manifest.entries) {
    const { path } = entry;
    const after = entry.op === 'put' ? textOf(contents.get(path)) : '';
    const before = textOf(base.get(path));
    if (isHelper(path)) {
      const both = (base.get(path)?.length ?? 0) + (contents.get(path)?.length ?? 0);
      const tooLarge = [base.get(path), contents.get(path)].some((bytes) => (bytes?.length ?? 0) > maxTestFile);
      if (tooLarge)
        raise({ path, message: `has more than ${maxTestFile} bytes, too many to compare its tests`, refused: true });
      else if (testBytes + both > maxTestBytes)
        raise({ path, message: `is beyond ${maxTestBytes} bytes of test files, too many to compare`, refused: true });
      else {
        testBytes += both;
        sides.before.push({ path, text: before });
        sides.after.push({ path, text: after });
      }
    } else if (isSnapshot(path)) snapshots.push({ path, before, after });
    else if (isSource(path)) sourceChanged = true;
    if (mayNamePrograms(path)) for (const each of unnamedPrograms(path, before, after)) raise({ path, ...each });
    if (isReadableLock(path))
      for (const each of changedSources(path, before, after).slice(0, 20)) raise({ path, ...each });
    if (holdsTestSettings(path) && !(isTarget(path) !== undefined && !path.endsWith('package.json')))
      for (const what of testSettingChanges(path, before, after).slice(0, 1))
        raise({
          path,
          message: `changes how tests run, but the spec does not name this file: ${what}`,
          refused: false,
        });
    // Of other files the review does not read the base.
    const known = base.has(path) || tree?.has(path) !== true;
    if (!isHelper(path) && known && asksWhetherTested(path, before, after))
      raise({ path, message: 'asks whether it is being tested, and may act otherwise then', refused: true });
  }
  const [before, after] = [factsOf(sides.before), factsOf(sides.after)];
  sourceChanged ||= rustChanged(before, after);
  for (const each of compareTests(before, after, sourceChanged)) raise(each);
  if (!sourceChanged) for (const each of changedSnapshots(snapshots, sides)) raise(each);
  return found.sort(byPath);
}

/** Whether a changed expectation may have its reason in this file. */
const isSource = (path: string): boolean => {
  const kind = kindOf(path);
  return (
    !/\.(?:mdx?|rst|adoc|txt)$/i.test(path) &&
    (kind === undefined || kind === 'InstallationChanged' || kind === 'ExpectedResultsChanged' || isLockFile(path))
  );
};

/** Files of Rust hold code beside their tests. */
function rustChanged(before: FileFacts[], after: FileFacts[]): boolean {
  const known = new Map(before.map(({ path, beside }) => [path, beside]));
  return after.some(({ path, beside }) => /(?:^|\/)src\/.*\.rs$/.test(path) && known.get(path) !== beside);
}
