import type { EffectiveTask } from '../policy/merge.ts';
import { blobsByPath, type ChangeEntry, type ChangeSet } from '../run/change-set.ts';
import { invalidPath, pathMatcher } from './paths.ts';
import { findSecret } from './secrets.ts';
import type { Violation } from './violation.ts';
import { weakenedTests } from './weakened.ts';

export interface GuardInput {
  change: ChangeSet;
  /** The tree at the base: mode and blob by path. */
  tree: Map<string, { mode: string; blobSha: string }>;
  /** Content at the base; undefined where there is none. */
  readBase(path: string): Promise<Uint8Array | undefined>;
  task: Pick<EffectiveTask, 'constraints' | 'protectedPaths' | 'limits'>;
  /** A person accepted that this very change weakens tests. */
  weakeningAccepted: boolean;
}

/**
 * Everything a change may not do (R31, R45), all at once, in the order of the paths. Runs outside the sandbox on what
 * was stored, before Verify and again before Publish.
 */
export async function guardChange(input: GuardInput): Promise<Violation[]> {
  const { change, tree, task } = input;
  const { entries } = change.manifest;
  const contents = blobsByPath(change);
  const isTarget = pathMatcher(task.constraints.targetPaths);
  const isExcluded = pathMatcher(task.constraints.excludedPaths);
  const isProtected = pathMatcher(task.protectedPaths);
  const violations: Violation[] = [];
  const refuse = (rule: Violation['rule'], path: string, message: string) => violations.push({ rule, path, message });

  for (const entry of entries) {
    const { path } = entry;
    const invalid = invalidPath(path);
    if (invalid !== undefined) {
      refuse('InvalidPath', path, invalid);
      continue;
    }
    const excluded = isExcluded(path);
    if (excluded !== undefined) refuse('ExcludedPath', path, `the spec excludes ${excluded}`);
    const guarded = isProtected(path);
    if (guarded !== undefined) refuse('ProtectedPath', path, `the policy protects ${guarded}`);
    if (task.constraints.targetPaths.length > 0 && isTarget(path) === undefined) {
      refuse('OutsideTargetPaths', path, `only ${task.constraints.targetPaths.join(', ')} may change`);
    }
    if (entry.op === 'put') await checkContent(input, entry, contents.get(path), refuse);
  }
  const cased = new Map<string, string>();
  for (const path of new Set([...tree.keys(), ...entries.map((entry) => entry.path)])) {
    const other = cased.get(path.toLowerCase());
    if (other !== undefined && entries.some((e) => e.op === 'put' && (e.path === path || e.path === other))) {
      if (!tree.has(path) || !tree.has(other)) refuse('InvalidPath', path, `differs from ${other} by case only`);
    }
    cased.set(path.toLowerCase(), path);
  }
  const { changedFiles, changedBytes } = task.limits;
  if (entries.length > changedFiles)
    refuse('TooManyFiles', '.', `${entries.length} files changed, ${changedFiles} are allowed`);
  if (change.blobs.length > changedBytes)
    refuse('TooManyBytes', '.', `${change.blobs.length} bytes changed, ${changedBytes} are allowed`);
  if (!input.weakeningAccepted) {
    violations.push(...(await weakenedTests(input)).filter((found) => found.refused).map(({ refused: _, ...v }) => v));
  }
  return violations;
}

async function checkContent(
  { tree, readBase }: GuardInput,
  entry: Extract<ChangeEntry, { op: 'put' }>,
  content: Uint8Array | undefined,
  refuse: (rule: Violation['rule'], path: string, message: string) => void,
): Promise<void> {
  const { path, mode } = entry;
  if (mode === '160000') return void refuse('SubmoduleAdded', path, 'is a repository of its own');
  const text = decode(content ?? new Uint8Array());
  if (mode === '120000') {
    if (leavesRoot(path, text ?? ''))
      refuse('SymlinkEscapes', path, `points out of the repository: ${(text ?? '').slice(0, 200)}`);
    return;
  }
  if (mode === '100755' && tree.get(path)?.mode !== '100755' && !(text ?? '').startsWith('#!')) {
    refuse('ExecutableAdded', path, 'became executable and is not a script');
  }
  if (text === undefined) return;
  const before = tree.has(path) ? (decode((await readBase(path)) ?? new Uint8Array()) ?? '') : '';
  const secret = findSecret(text, before);
  if (secret) refuse('SecretFound', path, `line ${secret.line} looks like ${secret.what}`);
  if (/^<{7} /m.test(text) && /^>{7} /m.test(text) && !/^<{7} /m.test(before)) {
    refuse('ConflictMarker', path, "holds git's conflict markers");
  }
}

/** Text, or undefined for what is not UTF-8. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function leavesRoot(path: string, target: string): boolean {
  if (target === '' || target.startsWith('/') || target.includes('\\')) return true;
  const parts = path.split('/').slice(0, -1);
  for (const part of target.split('/')) {
    if (part === '..') {
      if (parts.pop() === undefined) return true;
    } else if (part !== '.' && part !== '') {
      if (part.toLowerCase() === '.git') return true;
      parts.push(part);
    }
  }
  return false;
}
