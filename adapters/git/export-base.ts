import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { uploadPack } from '../../core/git/command.ts';
import type { SubmoduleBase } from '../../core/ports/host/code-host.ts';
import { git, gitText } from './git.ts';

/**
 * A bare repository with only the last `depth` commits up to this one and the tags of these, from which a phase may fetch. Cached in `folder`
 * by repository, commit and depth. It is created under a temporary name and renamed, so an incomplete repository is
 * never served.
 */
export async function exportBase(folder: string, repository: string, commit: string, depth: number): Promise<string> {
  const key = createHash('sha256').update(repository).digest('hex').slice(0, 12);
  return makeBase(folder, `${key}-${commit.slice(0, 20)}-${depth}-tags`, async (temporary) => {
    const url = pathToFileURL(repository).href;
    const fetch = ['fetch', '--quiet', '--no-write-fetch-head', `--upload-pack=${uploadPack}`];
    await git([...fetch, `--depth=${depth}`, url, `${commit}:refs/heads/base`], {
      cwd: temporary,
      protocols: ['file'],
      source: repository,
    });
  });
}

/**
 * The repository of a base that also serves the pinned commits of its submodules. It borrows the objects of all of them;
 * it is another repository, because the policy of another run may not list those of the submodules.
 */
export async function withSubmodules(
  folder: string,
  base: string,
  submodules: readonly SubmoduleBase[],
): Promise<string> {
  if (submodules.length === 0) return base;
  const parts = [base, ...submodules.map(({ path }) => path)];
  const key = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 20);
  return makeBase(folder, `${basename(base, '.git')}-${key}`, async (temporary) => {
    const refs = await gitText(['for-each-ref', '--format=%(objectname) %(refname)'], { cwd: base });
    const shallow = await Promise.all(parts.map((part) => readFile(join(part, 'shallow'), 'utf8').catch(() => '')));
    const pinned = new Map(submodules.map(({ commit }) => [`refs/submodules/${commit}`, commit]));
    const lines = [...refs.split('\n'), ...[...pinned].map(([ref, commit]) => `${commit} ${ref}`)];
    await writeFile(join(temporary, 'packed-refs'), `${lines.join('\n')}\n`);
    await writeFile(
      join(temporary, 'shallow'),
      [...new Set(shallow.join('').split('\n'))].sort().join('\n').trimStart(),
    );
    const objects = parts.map((part) => `${JSON.stringify(join(part, 'objects'))}\n`);
    await writeFile(join(temporary, 'objects', 'info', 'alternates'), objects.join(''));
  });
}

/** Creates the bare repository `name` once, with the content that `fetch` brings into it. */
export async function makeBase(
  folder: string,
  name: string,
  fetch: (folder: string) => Promise<void>,
): Promise<string> {
  const target = join(folder, `${name}.git`);
  if (await stat(target).catch(() => undefined)) return target;
  const temporary = `${target}.${randomUUID()}`;
  await mkdir(temporary, { recursive: true });
  try {
    await git(['init', '--quiet', '--bare', '--initial-branch=base', temporary], { cwd: folder });
    await fetch(temporary);
    await rename(temporary, target).catch(async (error: NodeJS.ErrnoException) => {
      // Another caller created the same repository in the meantime.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return target;
}
