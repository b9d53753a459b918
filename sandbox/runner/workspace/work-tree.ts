import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { DrydockError } from '../../../core/errors.ts';
import { blobsByPath, type ChangeSet, changeManifest } from '../../../core/run/change-set.ts';
import type { OwnGit } from './git.ts';

/** A tree id: 40 hex digits. */
type Tree = string;

const text = (bytes: Buffer): string => bytes.toString('utf8').trim();

/** Fetches the base with the history that the gateway serves. @throws Internal if the gateway serves another commit. */
export async function fetchBase(git: OwnGit, base: string, relay: string, secret: string): Promise<void> {
  await git.run(
    ['fetch', '--quiet', '--no-tags', '--update-shallow', `${relay}/git/base.git`, '+refs/heads/base:refs/heads/base'],
    {
      env: {
        GIT_CONFIG_COUNT: '1',
        GIT_CONFIG_KEY_0: 'http.extraHeader',
        GIT_CONFIG_VALUE_0: `Authorization: Bearer ${secret}`,
      },
    },
  );
  const served = text(await git.run(['rev-parse', 'refs/heads/base^{commit}']));
  if (served !== base)
    throw new DrydockError('Internal', `the gateway serves ${served}, but the phase starts from ${base}`);
}

/** Checks out a tree into the work tree; files that only the previous tree has are removed. */
export async function checkOut(git: OwnGit, tree: string, previous?: string): Promise<void> {
  if (previous === undefined) await git.run(['read-tree', '-m', '-u', tree]);
  else await git.run(['read-tree', '-m', '-u', previous, tree]);
}

/** Restores tracked files and removes untracked files that are not ignored. */
export async function restore(git: OwnGit, tree: Tree): Promise<void> {
  await git.run(['read-tree', '--reset', '-u', tree]);
  await git.run(['clean', '--quiet', '-ffd', '-e', '/.git']);
}

/** Gives the agent an ordinary repository: history, a branch `work` at the base, the change so far uncommitted. */
export async function agentRepository(git: OwnGit, workspace: string): Promise<void> {
  const dir = join(workspace, '.git');
  await rm(dir, { recursive: true, force: true });
  await promisify(execFile)('cp', ['-R', '--', git.dir, dir]);
  const env = { GIT_DIR: dir, GIT_INDEX_FILE: join(dir, 'index') };
  await git.run(['update-ref', 'refs/heads/work', 'refs/heads/base'], { env });
  await git.run(['symbolic-ref', 'HEAD', 'refs/heads/work'], { env });
  await git.run(['read-tree', 'refs/heads/work'], { env });
}

/** Writes the tree of a change set, without touching the work tree. @throws ResultInvalid if a blob has another id. */
export async function treeOfChange(git: OwnGit, manifestJson: Buffer, blobs: Buffer): Promise<Tree> {
  const manifest = changeManifest.parse(JSON.parse(manifestJson.toString('utf8')));
  const change: ChangeSet = { manifest, blobs };
  const contents = blobsByPath(change);
  const lines: string[] = [];
  for (const entry of manifest.entries) {
    if (
      entry.path
        .split('/')
        .some((part) => part === '' || part === '.' || part === '..' || part.toLowerCase() === '.git') ||
      entry.path.includes('\0')
    ) {
      throw new DrydockError('ResultInvalid', `the change set contains the invalid path ${JSON.stringify(entry.path)}`);
    }
    if (entry.op === 'delete') {
      lines.push(`0 ${'0'.repeat(40)}\t${entry.path}\0`);
      continue;
    }
    const content = contents.get(entry.path);
    if (content !== undefined) {
      const sha = text(await git.run(['hash-object', '-w', '--stdin'], { input: content }));
      if (sha !== entry.blobSha) throw new DrydockError('ResultInvalid', `${entry.path} does not match its blob id`);
    }
    lines.push(`${entry.mode} ${entry.blobSha}\t${entry.path}\0`);
  }
  await git.run(['read-tree', manifest.base], { index: 'apply.index' });
  await git.run(['update-index', '-z', '--index-info'], { index: 'apply.index', input: Buffer.from(lines.join('')) });
  return text(await git.run(['write-tree'], { index: 'apply.index' }));
}

/**
 * Records the current work tree as a tree. A new index has no file times, so every file is read, and changes that keep
 * size and time are found.
 */
export async function recordTree(git: OwnGit, like: string): Promise<Tree> {
  await rm(join(dirname(git.dir), 'record.index'), { force: true });
  await git.run(['read-tree', like], { index: 'record.index' });
  const add = [
    '-c',
    'core.fileMode=true',
    '-c',
    'core.symlinks=true',
    '-c',
    'advice.addEmbeddedRepo=false',
    'add',
    '--all',
    '.',
  ];
  await git.run(add, { index: 'record.index' }).catch((error: unknown) => {
    // an unreadable file, a pipe, or a nested repository without a commit
    throw new DrydockError(
      'ResultInvalid',
      `the work tree cannot be recorded: ${error instanceof Error ? error.message : ''}`,
    );
  });
  return text(await git.run(['write-tree'], { index: 'record.index' }));
}

/** One difference from `git diff-tree --raw -z`. `mode` is null if the path is deleted. */
interface Difference {
  path: string;
  mode: string | null;
  sha: string;
}

export async function differences(git: OwnGit, from: string, to: string): Promise<Difference[]> {
  const raw = await git.run(['diff-tree', '-r', '-z', '--raw', '--no-renames', '--no-abbrev', from, to]);
  let fields: string[];
  try {
    fields = new TextDecoder('utf-8', { fatal: true }).decode(raw).split('\0');
  } catch {
    throw new DrydockError('ResultInvalid', 'a changed path is not valid UTF-8');
  }
  const found: Difference[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [, mode = '', , sha = '', status = ''] = (fields[i] ?? '').split(' ');
    found.push({ path: fields[i + 1] ?? '', mode: status === 'D' ? null : mode, sha });
  }
  return found;
}

/**
 * The tree without the effects of preparation: a path that is still as install and setup left it is reset to its
 * earlier state, so that generated files are not part of the change unless something changed them again.
 */
export async function withoutPreparation(
  git: OwnGit,
  trees: { start: Tree; prepared: Tree; end: Tree },
): Promise<Tree> {
  const noise = await differences(git, trees.start, trees.prepared);
  if (noise.length === 0) return trees.end;
  const later = new Set((await differences(git, trees.prepared, trees.end)).map((d) => d.path));
  const back = new Set(noise.filter((d) => !later.has(d.path)).map((d) => d.path));
  const lines = (await differences(git, trees.end, trees.start))
    .filter((d) => back.has(d.path))
    .map((d) => `${d.mode ?? '0'} ${d.sha}\t${d.path}\0`);
  await git.run(['read-tree', trees.end], { index: 'record.index' });
  await git.run(['update-index', '-z', '--index-info'], { index: 'record.index', input: Buffer.from(lines.join('')) });
  return text(await git.run(['write-tree'], { index: 'record.index' }));
}

/** The change from the base commit to `tree`. @throws LimitExceeded if the contents exceed `maxBytes`. */
export async function changeSetOf(git: OwnGit, base: string, tree: Tree, maxBytes: number): Promise<ChangeSet> {
  const found = await differences(git, base, tree);
  const entries: unknown[] = [];
  const blobs: Buffer[] = [];
  let total = 0;
  for (const { path: file, mode, sha } of found) {
    if (mode === null) {
      entries.push({ op: 'delete', path: file });
      continue;
    }
    const content = mode === '160000' ? Buffer.alloc(0) : await git.run(['cat-file', 'blob', sha]);
    total += content.length;
    if (total > maxBytes) throw new DrydockError('LimitExceeded', `the change set exceeds ${maxBytes} bytes`);
    entries.push({ op: 'put', path: file, mode, blobSha: sha, bytes: content.length });
    blobs.push(content);
  }
  return { manifest: changeManifest.parse({ base, entries }), blobs: Buffer.concat(blobs) };
}
