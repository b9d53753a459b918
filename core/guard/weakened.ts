import { blobsByPath } from '../run/change-set.ts';
import type { GuardInput } from './input.ts';
import { pathMatcher } from './paths.ts';
import { testSettings } from './test-settings.ts';
import { countTests, mayHoldTests, type TestCounts } from './test-source.ts';
import { byPath, type Violation } from './violation.ts';

/**
 * Tests removed, newly skipped, or redirected. Removed and skipped ones are refused until a person accepts them; the
 * rest a reviewer sees first. Counts by the text of the files: it finds what an agent does in a hurry, and a reviewer
 * still reads the diff.
 */
export async function weakenedTests(
  input: Pick<GuardInput, 'change' | 'readBase'> & { task: Pick<GuardInput['task'], 'constraints'> },
): Promise<(Violation & { refused: boolean })[]> {
  const { change, readBase, task } = input;
  const contents = blobsByPath(change);
  const isTarget = pathMatcher(task.constraints.targetPaths);
  const found: (Violation & { refused: boolean })[] = [];
  const raise = (path: string, message: string, refused: boolean) =>
    found.push({ rule: 'TestsWeakened', path, message, refused });

  const files: { path: string; gone: boolean; before: TestCounts; after: TestCounts }[] = [];
  for (const entry of change.manifest.entries) {
    const { path } = entry;
    const content = entry.op === 'put' ? text(contents.get(path)) : '';
    if (mayHoldTests(path)) {
      const [before, after] = [countTests(text(await readBase(path))), countTests(content)];
      files.push({ path, gone: entry.op === 'delete', before, after });
    }
    if (testSettings(path, content) === undefined) continue;
    const was = testSettings(path, text(await readBase(path)));
    const named = isTarget(path) !== undefined && !path.endsWith('package.json');
    if (was !== testSettings(path, content) && !named) {
      raise(path, 'changes how tests are run, and the spec does not name it', false);
    }
  }

  // Tests that moved to another file are not gone: what counts is the sum over the changed files.
  const sum = (count: (file: (typeof files)[number]) => number): number => files.reduce((n, f) => n + count(f), 0);
  const declared = sum((f) => f.before.declared);
  const lost = declared - sum((f) => f.after.declared);
  if (lost > 0) {
    const message = `${lost} of ${declared} tests in the changed files are gone`;
    for (const f of files) if (f.after.declared < f.before.declared) raise(f.path, message, true);
  }
  // Skips of a file that is gone may have moved along with its tests; elsewhere one may not be traded for another.
  const moved = sum((f) => (f.gone ? f.before.skipped : 0));
  if (sum((f) => Math.max(0, f.after.skipped - f.before.skipped)) > moved) {
    for (const f of files) {
      const more = f.after.skipped - f.before.skipped;
      if (more > 0) raise(f.path, `${more} more tests are skipped or singled out`, true);
    }
  }
  const asserted = sum((f) => f.before.assertions);
  const fewer = asserted - sum((f) => f.after.assertions);
  if (fewer > 0 && lost <= 0) {
    const message = `${fewer} of ${asserted} assertions in the changed files are gone`;
    for (const f of files) if (f.after.assertions < f.before.assertions) raise(f.path, message, false);
  }
  return found.sort(byPath);
}

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes ?? new Uint8Array());
