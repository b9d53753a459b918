import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blobsByPath, type ChangeEntry, type ChangeSet, fileModes } from '../../core/run/change-set.ts';
import { readBlobs } from './blobs.ts';
import { git, gitText } from './git.ts';

/** Author and committer of every commit; the trailers name the run. */
const botIdentity = {
  GIT_AUTHOR_NAME: 'Drydock',
  GIT_AUTHOR_EMAIL: 'drydock@localhost',
  GIT_COMMITTER_NAME: 'Drydock',
  GIT_COMMITTER_EMAIL: 'drydock@localhost',
};

export async function withTempFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'drydock-git-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Writes base plus change set as a tree, through a temporary index: no checkout, and no change to the repository's own
 * index and work tree. One fast-import writes all blobs.
 */
export async function writeTree(repository: string, change: ChangeSet): Promise<string> {
  return withTempFolder(async (folder) => {
    const options = { cwd: repository, env: { GIT_INDEX_FILE: join(folder, 'index') } };
    await git(['read-tree', change.manifest.base], options);
    const blobs = [...blobsByPath(change).values()];
    if (blobs.length > 0) await git(['fast-import', '--quiet', '--done'], { ...options, input: fastImport(blobs) });
    const zero = '0'.repeat(40);
    const lines = change.manifest.entries.map((entry) =>
      entry.op === 'put' ? `${entry.mode} ${entry.blobSha}\t${entry.path}\0` : `0 ${zero}\t${entry.path}\0`,
    );
    // Deletions first: a folder may replace a file of the same name.
    const deletions = lines.filter((line) => line.startsWith('0 '));
    const puts = lines.filter((line) => !line.startsWith('0 '));
    await git(['update-index', '-z', '--index-info'], { ...options, input: [...deletions, ...puts].join('') });
    return gitText(['write-tree'], options);
  });
}

function* fastImport(blobs: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const blob of blobs) {
    yield Buffer.from(`blob\ndata ${blob.length}\n`);
    yield blob;
    yield Buffer.from('\n');
  }
  yield Buffer.from('done\n');
}

/** @param at Epoch milliseconds, cut to seconds. The same arguments give the same commit id. */
export async function writeCommit(
  repository: string,
  commit: { tree: string; parents: string[]; message: string; at: number },
): Promise<string> {
  const date = `@${Math.floor(commit.at / 1000)} +0000`;
  return gitText(['commit-tree', commit.tree, ...commit.parents.flatMap((parent) => ['-p', parent]), '-F', '-'], {
    cwd: repository,
    input: commit.message,
    env: { ...botIdentity, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
  });
}

/** Bytes of all contents of a change that git computed, at most. */
const maxChange = 1024 * 1024 * 1024;

/** The change from tree `base` to `to`, with contents; a rename is a delete and a put. */
export async function diffTrees(repository: string, base: string, to: string): Promise<ChangeSet> {
  const raw = await git(['diff-tree', '-r', '-z', '--raw', '--no-renames', '--full-index', base, to], {
    cwd: repository,
  });
  const fields = raw.stdout.toString().split('\0');
  const found: { path: string; mode: (typeof fileModes)[number] | undefined; blobSha: string }[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [, mode = '', , blobSha = '', status] = (fields[i] ?? '').slice(1).split(' ');
    const path = fields[i + 1] ?? '';
    const known = fileModes.find((known) => known === mode);
    if (status !== 'D' && !known) throw new Error(`${mode} of ${path} is not a known file mode`);
    found.push({ path, mode: status === 'D' ? undefined : known, blobSha });
  }
  const files = found.filter(({ mode }) => mode !== undefined && mode !== '160000');
  const contents = await readBlobs(
    repository,
    files.map(({ blobSha }) => blobSha),
    maxChange,
  );
  const entries = found.map(
    ({ path, mode, blobSha }): ChangeEntry =>
      mode === undefined
        ? { op: 'delete', path }
        : { op: 'put', path, mode, blobSha, bytes: mode === '160000' ? 0 : (contents.get(blobSha)?.length ?? 0) },
  );
  return {
    manifest: { base, entries },
    blobs: Buffer.concat(files.map(({ blobSha }) => contents.get(blobSha) ?? Buffer.alloc(0))),
  };
}
