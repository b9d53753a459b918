import { hasConflict } from '../campaign/resolve.ts';
import type { Job } from '../ports/runtime/thread.ts';
import { blobsByPath, type ChangeEntry } from '../run/change-set.ts';
import { guardOfChange } from './attention/jobs.ts';
import { findHidden, hidesContent } from './hidden.ts';
import { changesLinks, type GuardInput, isLink } from './input.ts';
import { mostOf } from './largest.ts';
import { lfsMatcher } from './lfs.ts';
import { linkEscapes } from './links.ts';
import { checkDependencies } from './locks/dependencies.ts';
import { foldedName, invalidPath, pathMatcher } from './paths.ts';
import { findSecret } from './secrets.ts';
import { checkTree } from './tree.ts';
import { byPath, type Refuse, type Violation } from './violation.ts';
import { weakenedTests } from './weakened.ts';

type Put = Extract<ChangeEntry, { op: 'put' }>;

/**
 * All violations of a change (R31, R45), sorted by path. Runs outside the sandbox on the stored change, before Verify
 * and again before Publish. If a change exceeds its limits, only its paths are checked, because the limits protect
 * against reading too much.
 * @internal for its tests; the steps run {@link guardJob}
 */
export function guardChange(input: GuardInput): Violation[] {
  const { change, tree, task } = input;
  const { entries } = change.manifest;
  const violations: Violation[] = [];
  const refuse: Refuse = (rule, path, message, fingerprint) =>
    violations.push({ rule, path, message, ...(fingerprint === undefined ? {} : { fingerprint }) });

  const valid = checkPaths(input, refuse);
  checkTree(tree, valid, refuse);
  const { changedFiles, changedBytes } = task.limits;
  const sizes = entries.map((entry) => ({ path: entry.path, size: entry.op === 'put' ? entry.bytes : 0 }));
  const bytes = Math.max(
    change.blobs.length,
    sizes.reduce((sum, { size }) => sum + size, 0),
  );
  if (entries.length > changedFiles) {
    const where = mostOf(
      entries.map(({ path }) => ({ path, size: 1 })),
      'files',
    );
    refuse('TooManyFiles', '.', `${entries.length} files changed, but only ${changedFiles} are allowed${where}`);
  }
  if (bytes > changedBytes)
    refuse(
      'TooManyBytes',
      '.',
      `${bytes} bytes changed, but only ${changedBytes} are allowed${mostOf(sizes, 'bytes')}`,
    );
  if (entries.length <= changedFiles && bytes <= changedBytes) {
    const contents = blobsByPath(change);
    const modesByBlob = new Map<string, string[]>();
    for (const { mode, blobSha } of tree.values())
      modesByBlob.set(blobSha, [...(modesByBlob.get(blobSha) ?? []), mode]);
    const inLfs = lfsMatcher(input.base);
    for (const entry of valid) {
      if (entry.op === 'delete') continue;
      if (inLfs(entry.path))
        refuse('LfsChanged', entry.path, 'is stored in Git LFS, whose objects are neither fetched nor uploaded');
      checkContent(input, entry, contents.get(entry.path), modesByBlob.get(entry.blobSha) ?? [], refuse);
    }
    checkLinks(input, valid, contents, refuse);
    checkDependencies(input, contents, refuse);
    const weakened = input.weakeningAccepted ? [] : weakenedTests(input);
    for (const found of weakened) if (found.refused) refuse(found.rule, found.path, found.message);
  }
  return violations.sort(byPath);
}

export const guardJob: Job<GuardInput, Violation[]> = { ...guardOfChange, run: guardChange };

/** Refuses paths by their names and returns the entries with valid names. */
function checkPaths({ change, task }: GuardInput, refuse: Refuse): ChangeEntry[] {
  const { targetPaths, excludedPaths, within = [] } = task.constraints;
  const isTarget = pathMatcher(targetPaths);
  const isWithin = pathMatcher(within);
  // Exclusions and protections ignore case, because some file systems do.
  const isExcluded = pathMatcher(excludedPaths, { foldCase: true });
  const isProtected = pathMatcher(task.protectedPaths, { foldCase: true });
  const seen = new Set<string>();
  return change.manifest.entries.filter(({ path }) => {
    const invalid = seen.has(path) ? 'is listed twice in the change' : invalidPath(path);
    seen.add(path);
    if (invalid !== undefined) {
      refuse('InvalidPath', path, invalid);
      return false;
    }
    const excluded = isExcluded(path);
    if (excluded !== undefined) refuse('ExcludedPath', path, `the spec excludes ${excluded}`);
    const guarded = isProtected(path);
    if (guarded !== undefined) refuse('ProtectedPath', path, `the policy protects ${guarded}`);
    if (targetPaths.length > 0 && isTarget(path) === undefined) {
      refuse('OutsideTargetPaths', path, `only ${targetPaths.join(', ')} may change`);
    } else if (within.length > 0 && isWithin(path) === undefined) {
      refuse('OutsideTargetPaths', path, `the campaign may change only ${within.join(', ')}`);
    }
    return true;
  });
}

/** @param sameAtBase Modes of the base's files with equal content: moved or copied content is not new. */
function checkContent(
  { tree, base, task }: GuardInput,
  { path, mode }: Put,
  content: Uint8Array | undefined,
  sameAtBase: string[],
  refuse: Refuse,
): void {
  if (mode === '160000') refuse('SubmoduleAdded', path, 'is a git submodule');
  const allowed = task.allowedSecrets ?? [];
  const named = findSecret(path, '', allowed);
  if (named) refuse('SecretFound', path, `the name looks like ${named.what}`, named.fingerprint);
  if (mode === '160000') return;
  if (mode === '120000') {
    const target = findSecret(decode(content), '', allowed);
    if (target && sameAtBase.length === 0)
      refuse('SecretFound', path, `the target looks like ${target.what}`, target.fingerprint);
    return;
  }
  if (foldedName(path) === '.gitmodules') refuse('SubmoduleAdded', path, 'declares git submodules');
  const at = tree.get(path);
  const before = at ? decode(base.get(path)) : '';
  const text = decode(content);
  const wasProgram = (at?.mode === '100755' && !before.startsWith('#!')) || sameAtBase.some((m) => m === '100755');
  if (mode === '100755' && !text.startsWith('#!') && !wasProgram) {
    refuse('ExecutableAdded', path, 'is a new executable that is not a script');
  }
  if (sameAtBase.length > 0) return;
  const secret = findSecret(text, before, allowed);
  if (secret) refuse('SecretFound', path, `line ${secret.line} looks like ${secret.what}`, secret.fingerprint);
  else if (content?.includes(0) && base.get(path)?.includes(0) !== true && hidesContent(path, text))
    refuse('HiddenCharacters', path, 'has the byte 0, so git shows none of its lines; write it as an escape');
  const hiding = content?.includes(0) ? undefined : findHidden(text, before);
  if (hiding) refuse('HiddenCharacters', path, `line ${hiding.line}: ${hiding.says}; write it as an escape`);
  if (hasConflict(text) && !hasConflict(before)) refuse('ConflictMarker', path, "holds git's conflict markers");
}

/** Refuses links that lead out of the repository: new ones, and old ones that now lead through new ones. */
function checkLinks(
  { tree, base }: GuardInput,
  entries: ChangeEntry[],
  contents: Map<string, Uint8Array>,
  refuse: Refuse,
): void {
  if (!changesLinks(entries, tree)) return;
  const before = new Map<string, string | undefined>();
  for (const [path, { mode }] of tree) if (mode === '120000') before.set(path, targetOf(base.get(path)));
  const after = new Map(before);
  for (const entry of entries) {
    if (isLink(entry)) after.set(entry.path, targetOf(contents.get(entry.path)));
    else after.delete(entry.path);
  }
  for (const [path, target] of after) {
    const changed = !before.has(path) || target !== before.get(path);
    if (linkEscapes(path, after) && (changed || !linkEscapes(path, before))) {
      refuse('SymlinkEscapes', path, `points out of the repository: ${JSON.stringify((target ?? '').slice(0, 200))}`);
    }
  }
}

/** Decodes binary files and UTF-16 as text too, because they can also contain a key. */
const decode = (bytes: Uint8Array = new Uint8Array()): string => new TextDecoder().decode(bytes).replaceAll('\0', '');

function targetOf(bytes: Uint8Array = new Uint8Array()): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
