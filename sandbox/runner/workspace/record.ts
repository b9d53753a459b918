import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromCrlf } from '../../../core/git/line-ends.ts';
import { maxChangeBytes } from '../../../core/run/change-set.ts';
import { contentOf, entryOf, unreadable } from './contents.ts';
import type { OwnGit } from './git.ts';
import { type LineEnds, withCrlf } from './line-ends.ts';
import { differences, type Entry, type Files, type Tree, writeTree } from './trees.ts';
import { foldersOf, type Seen, walk } from './walk.ts';

/**
 * The commit of a repository inside the work tree. A change with such an entry is refused (SubmoduleAdded), so the
 * repository, which could name programs for git to run, is not asked for its commit.
 */
const unknownCommit = '1'.repeat(40);

const submodule = '160000';

/**
 * Records the files of the work tree: those of `like` as they are now, and others that git does not ignore. Every file
 * is read, so changes that keep size and time are found. A submodule of `like` cannot be changed, only removed.
 * @param hidden Gets the files that git ignores, without installed packages.
 */
export async function recordFiles(
  git: OwnGit,
  workspace: string,
  like: Tree,
  lineEnds: LineEnds,
  hidden?: (paths: ReadonlySet<string>) => void,
): Promise<Files> {
  const seen = look(workspace, like.files);
  const files = new Map<string, Entry>();
  for (const [path, entry] of like.files) {
    const now = entryNow(workspace, path, entry, seen, lineEnds);
    if (now !== null) files.set(path, now);
  }
  const { paths, repositories } = await untracked(git, like, seen);
  if (hidden) {
    const shown = new Set(paths);
    hidden(new Set([...seen.files.keys()].filter((path) => !like.files.has(path) && !shown.has(path))));
  }
  for (const path of paths) files.set(path, entryOf(workspace, path, seen.files.get(path) ?? 'file'));
  await normalise(git, workspace, like, files, lineEnds);
  for (const path of repositories) files.set(path, { mode: submodule, sha: unknownCommit });
  return files;
}

/** Stores new and changed files as `git add` does where attributes of the base convert their line ends. */
async function normalise(
  git: OwnGit,
  workspace: string,
  like: Tree,
  files: Map<string, Entry>,
  lineEnds: LineEnds,
): Promise<void> {
  const changed = differences(like.files, files).flatMap(({ path, entry }) =>
    entry?.mode.startsWith('100') ? [{ path, entry }] : [],
  );
  const rules = await lineEnds.rules(changed.map(({ path }) => path));
  const stored: { path: string; entry: Entry; auto: string | undefined }[] = [];
  for (const { path, entry } of changed) {
    const rule = rules.get(path)?.rule;
    const content = rule === undefined ? undefined : contentOf(workspace, path, entry, maxChangeBytes);
    const without = rule && content && fromCrlf(content, rule);
    if (!without) continue;
    const before = rule === 'auto' ? like.files.get(path)?.sha : undefined;
    stored.push({ path, entry: { mode: entry.mode, sha: git.writeBlob(without) }, auto: before });
  }
  const left = await withCrlf(
    git,
    stored.flatMap(({ auto }) => (auto === undefined ? [] : [auto])),
  );
  for (const { path, entry, auto } of stored) {
    if (auto !== undefined && left.has(auto)) continue;
    files.set(path, entry);
    lineEnds.stored.set(path, entry.sha);
  }
}

/** The content of a recorded path; undefined if it has more than `maxChangeBytes` bytes. */
export const recordedContent = (
  git: OwnGit,
  workspace: string,
  path: string,
  entry: Entry,
  { stored }: LineEnds,
): Buffer | undefined =>
  stored.get(path) === entry.sha ? git.readWritten(entry.sha) : contentOf(workspace, path, entry, maxChangeBytes);

/** Records the work tree as a tree that can be checked out. */
export async function recordTree(
  git: OwnGit,
  workspace: string,
  like: Tree,
  lineEnds: LineEnds,
  hidden?: (paths: ReadonlySet<string>) => void,
): Promise<Tree> {
  const files = await recordFiles(git, workspace, like, lineEnds, hidden);
  const changes = differences(like.files, files);
  if (changes.length === 0) return like;
  for (const { path, entry } of changes) {
    // A larger file can be in no change set; only its id is needed, to see whether the agent changes it again.
    const content =
      entry === null || entry.mode === submodule ? null : recordedContent(git, workspace, path, entry, lineEnds);
    if (content) git.writeBlob(content);
  }
  return { id: await writeTree(git, like, changes), files };
}

/** Looks at the work tree that holds these files. */
export function look(workspace: string, files: Files): Seen {
  const submodules = [...files].flatMap(([path, { mode }]) => (mode === submodule ? [path] : []));
  return walk(workspace, foldersOf(files.keys()), new Set(submodules));
}

/** The entry of a path of a tree as it is now; null if it is gone. */
export function entryNow(workspace: string, path: string, entry: Entry, seen: Seen, lineEnds: LineEnds): Entry | null {
  if (entry.mode === submodule && seen.submodules.has(path)) return entry;
  const kind = seen.files.get(path);
  if (kind === undefined) return null;
  if (kind === 'other') throw unreadable(path, 'it is not a regular file');
  const now = entryOf(workspace, path, kind);
  // Trees of old versions of git have modes such as 100664.
  const content = now.sha === entry.sha || lineEnds.isCheckout(path, entry.sha, now.sha);
  const same = content && isExecutable(now) === isExecutable(entry) && kind === 'file';
  return same && entry.mode.startsWith('100') ? entry : now;
}

const isExecutable = ({ mode }: Entry): boolean => mode === '100755';

/** Files and repositories that are in no tree and that git does not ignore. */
export async function untracked(
  git: OwnGit,
  like: Tree,
  seen: Seen,
): Promise<{ paths: string[]; repositories: string[] }> {
  const tracked = foldersOf(like.files.keys());
  const repositories = seen.repositories.filter((folder) => !tracked.has(folder));
  const candidates = new Map([...seen.files].filter(([path]) => !like.files.has(path)));
  if (candidates.size + repositories.length === 0) return { paths: [], repositories: [] };
  // Git would wait for a writer of a pipe.
  for (const [path, kind] of candidates)
    if (kind === 'other' && /(^|\/)\.gitignore$/.test(path)) throw unreadable(path, 'it is not a regular file');
  const index = 'record.index';
  await git.run(['read-tree', like.id], { index });
  if (repositories.length > 0) {
    // Git does not look into what its index says is a submodule.
    const lines = repositories.map((path) => `${submodule} ${unknownCommit}\t${path}\0`);
    await git.run(['update-index', '-z', '--index-info'], { index, input: Buffer.from(lines.join(''), 'latin1') });
  }
  // Git need not look into them. Their paths are literal here: a name may hold the characters of a pattern.
  const exclude = join(git.folder, 'record.exclude');
  const installed = seen.installed.filter((path) => !path.includes('\n'));
  writeFileSync(exclude, installed.map((path) => `/${path.replace(/[\\*?[]/g, '\\$&')}/\n`).join(''), 'latin1');
  const args = ['ls-files', '-z', '--others', `--exclude-from=${exclude}`, '--exclude-standard'];
  const others = await git.run(args, { index });
  const paths = split(others).filter((path) => candidates.has(path));
  return { paths, repositories: await notIgnored(git, index, repositories) };
}

async function notIgnored(git: OwnGit, index: string, paths: string[]): Promise<string[]> {
  if (paths.length === 0) return [];
  const input = Buffer.from(paths.map((path) => `${path}/\0`).join(''), 'latin1');
  const ignored = await git.run(['check-ignore', '-z', '--no-index', '--stdin'], { index, input, allow: [1] });
  const found = new Set(split(ignored));
  return paths.filter((path) => !found.has(`${path}/`));
}

const split = (bytes: Buffer): string[] =>
  bytes
    .toString('latin1')
    .split('\0')
    .filter((path) => path !== '');
