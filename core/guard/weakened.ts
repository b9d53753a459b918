import { blobsByPath } from '../run/change-set.ts';
import { type GuardInput, textOf } from './input.ts';
import { mayNamePrograms, unnamedPrograms } from './install-scripts.ts';
import { pathMatcher } from './paths.ts';
import { testSettings } from './test-settings.ts';
import { countTests, maxTestFile, mayHoldTests, type TestCounts } from './test-source.ts';
import { byPath, type Violation } from './violation.ts';

/** Whether the content of this path is compared with the base. */
export const mayWeaken = (path: string): boolean =>
  mayHoldTests(path) || mayNamePrograms(path) || testSettings(path, '') !== undefined;

export type WeakenedInput = Pick<GuardInput, 'change' | 'base'> & { task: Pick<GuardInput['task'], 'constraints'> };
export type Weakened = Violation & { refused: boolean };

/**
 * Finds weakened tests: removed tests and new skips (`refused` until a person accepts them), changed test settings and
 * removed assertions (only shown to the reviewer first). It counts patterns in the source, which finds careless
 * weakening; it does not replace the review of the diff.
 */
export function weakenedTests(input: WeakenedInput): Weakened[] {
  const { change, base, task } = input;
  const contents = blobsByPath(change);
  const isTarget = pathMatcher(task.constraints.targetPaths);
  const found: Weakened[] = [];
  const raise = (path: string, message: string, refused: boolean) =>
    found.push({ rule: 'TestsWeakened', path, message, refused });

  const files: { path: string; gone: boolean; before: TestCounts; after: TestCounts }[] = [];
  for (const entry of change.manifest.entries) {
    const { path } = entry;
    const content = entry.op === 'put' ? textOf(contents.get(path)) : '';
    if (mayHoldTests(path)) {
      const tooLarge = [base.get(path), contents.get(path)].some((bytes) => (bytes?.length ?? 0) > maxTestFile);
      if (tooLarge) raise(path, `has more than ${maxTestFile} bytes, too many to compare its tests`, true);
      else
        files.push({
          path,
          gone: entry.op === 'delete',
          before: countTests(textOf(base.get(path))),
          after: countTests(content),
        });
    }
    if (mayNamePrograms(path))
      for (const { message, refused } of unnamedPrograms(path, textOf(base.get(path)), content))
        raise(path, message, refused);
    if (testSettings(path, content) === undefined) continue;
    const was = testSettings(path, textOf(base.get(path)));
    const named = isTarget(path) !== undefined && !path.endsWith('package.json');
    if (was !== testSettings(path, content) && !named) {
      raise(path, 'changes how tests run, but the spec does not name this file', false);
    }
  }

  // The sum over the changed files counts, because a test may have moved to another file.
  const sum = (count: (file: (typeof files)[number]) => number): number => files.reduce((n, f) => n + count(f), 0);
  const declared = sum((f) => f.before.declared);
  const lost = declared - sum((f) => f.after.declared);
  if (lost > 0) {
    const message = `${lost} of ${declared} tests in the changed files were removed`;
    for (const f of files) if (f.after.declared < f.before.declared) raise(f.path, message, true);
  }
  // Skips of a deleted file may have moved with its tests. Otherwise every new skip counts, even if another one is
  // gone.
  const moved = sum((f) => (f.gone ? f.before.skipped : 0));
  if (sum((f) => Math.max(0, f.after.skipped - f.before.skipped)) > moved) {
    for (const f of files) {
      const more = f.after.skipped - f.before.skipped;
      if (more > 0) raise(f.path, `${more} more tests are skipped or marked as the only ones to run`, true);
    }
  }
  const asserted = sum((f) => f.before.assertions);
  const fewer = asserted - sum((f) => f.after.assertions);
  if (fewer > 0 && lost <= 0) {
    const message = `${fewer} of ${asserted} assertions in the changed files were removed`;
    for (const f of files) if (f.after.assertions < f.before.assertions) raise(f.path, message, false);
  }
  return found.sort(byPath);
}
