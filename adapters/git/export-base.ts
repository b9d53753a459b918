import { createHash, randomUUID } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { uploadPack } from '../../core/git/command.ts';
import { git } from './git.ts';

/**
 * A bare repository with only the last `depth` commits up to this one, from which a phase may fetch. Cached in `folder`
 * by repository, commit and depth. It is created under a temporary name and renamed, so an incomplete repository is
 * never served.
 */
export async function exportBase(folder: string, repository: string, commit: string, depth: number): Promise<string> {
  const key = createHash('sha256').update(repository).digest('hex').slice(0, 12);
  return makeBase(folder, `${key}-${commit.slice(0, 20)}-${depth}`, async (temporary) => {
    const url = pathToFileURL(repository).href;
    const fetch = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', `--upload-pack=${uploadPack}`];
    await git([...fetch, `--depth=${depth}`, url, `${commit}:refs/heads/base`], {
      cwd: temporary,
      protocols: ['file'],
    });
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
