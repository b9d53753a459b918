import type { DiffSide, FilePair } from '../../../core/diff/job.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { UnifiedDiff } from '../../../core/ports/host/code-host.ts';
import type { Thread } from '../../../core/ports/runtime/thread.ts';
import { limitConcurrency, maxText, type Objects } from '../repository/objects.ts';
import type { TreeEntry } from '../repository/tree.ts';
import { diffJob } from './diff-file.ts';
import { same } from './merge-file.ts';
import { kind } from './renames.ts';

const commitId = /^[0-9a-f]{40}$/;
/** Changed files that are read in parallel. */
const ahead = 8;

/**
 * The change between two commits in git's format, without git and without rename detection: a change set has no
 * renames. It reads the two trees and the contents of changed files, in the order of the output, and stops when the
 * output reaches `maxBytes`.
 * Differences from `git diff-tree -p`: changes among repeated lines may be aligned differently, ids always have 7
 * digits, files over 8 MiB count as binary, and a text with thousands of changed lines may not get a minimal diff.
 * @throws Internal if `base` or `commit` is not a commit id; GuardTimedOut for texts that are too costly to compare.
 */
export async function unifiedDiff(
  thread: Thread,
  objects: Objects,
  base: string,
  commit: string,
  maxBytes: number,
): Promise<UnifiedDiff> {
  for (const id of [base, commit]) {
    if (!commitId.test(id)) throw new DrydockError('Internal', `${JSON.stringify(id)} is not a commit id.`);
  }
  const [before, after] = await Promise.all([objects.tree(base), objects.tree(commit)]);
  const changed = [...new Set([...before.keys(), ...after.keys()])]
    .filter((path) => !same(before.get(path), after.get(path)))
    .map((path) => ({ path, bytes: Buffer.from(path) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  const read = limitConcurrency(objects.blob);
  const out: string[] = [];
  let size = 0;
  for (let i = 0; i < changed.length; i += ahead) {
    const pairs = await Promise.all(
      changed.slice(i, i + ahead).map(({ path }) => pairsOf(path, before.get(path), after.get(path), read)),
    );
    for (const line of await thread.run(diffJob, pairs.flat())) {
      if (size + line.length > maxBytes) return { text: textOf(out), truncated: true };
      out.push(line);
      size += line.length;
    }
  }
  return { text: textOf(out), truncated: false };
}

async function pairsOf(
  path: string,
  before: TreeEntry | undefined,
  after: TreeEntry | undefined,
  read: (sha: string) => Promise<Uint8Array>,
): Promise<FilePair[]> {
  const [a, b] = await Promise.all([side(before, after, read), side(after, before, read)]);
  // A file that becomes a link, or a link that becomes a file, is one deletion and one addition.
  if (before && after && kind(before) !== kind(after))
    return [
      { path, before: a, after: undefined },
      { path, before: undefined, after: b },
    ];
  return [{ path, before: a, after: b }];
}

/** One side with its content. Content that the diff does not show is not read. */
async function side(
  entry: TreeEntry | undefined,
  other: TreeEntry | undefined,
  read: (sha: string) => Promise<Uint8Array>,
): Promise<DiffSide | undefined> {
  if (!entry) return undefined;
  const { mode, blobSha } = entry;
  if (kind(entry) === '16') return { mode, blobSha, bytes: Buffer.from(`Subproject commit ${blobSha}\n`) };
  if (other?.blobSha === blobSha && kind(other) === kind(entry)) return { mode, blobSha, bytes: new Uint8Array() };
  const huge = [entry, other].some((each) => (each?.bytes ?? 0) > maxText);
  return { mode, blobSha, bytes: huge ? new Uint8Array(1) : await read(blobSha) };
}

const textOf = (lines: string[]): string => Buffer.from(lines.join(''), 'latin1').toString();
