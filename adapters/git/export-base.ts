import { createHash, randomUUID } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { git } from './git.ts';

/** The serving side is a process of its own and takes no configuration but from its own command line. */
const uploadPack = "git -c 'safe.directory=*' -c uploadpack.allowAnySHA1InWant=true upload-pack";

/**
 * A bare repository that holds the last `depth` commits up to this one and nothing else: what a phase may fetch.
 * Kept in `folder` by repository, commit and depth; made aside and renamed, so that a half-made one is never served.
 */
export async function exportBase(folder: string, repository: string, commit: string, depth: number): Promise<string> {
  const key = createHash('sha256').update(repository).digest('hex').slice(0, 12);
  return makeBase(folder, `${key}-${commit.slice(0, 20)}-${depth}`, async (aside) => {
    const url = pathToFileURL(repository).href;
    const fetch = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', `--upload-pack=${uploadPack}`];
    await git([...fetch, `--depth=${depth}`, url, `${commit}:refs/heads/base`], { cwd: aside });
  });
}

/** Makes a bare repository of that name, once, from what `fetch` brings into it. */
export async function makeBase(folder: string, name: string, fetch: (aside: string) => Promise<void>): Promise<string> {
  const target = join(folder, `${name}.git`);
  if (await stat(target).catch(() => undefined)) return target;
  const aside = `${target}.${randomUUID()}`;
  await mkdir(aside, { recursive: true });
  try {
    await git(['init', '--quiet', '--bare', '--initial-branch=base', aside], { cwd: folder });
    await fetch(aside);
    await rename(aside, target).catch(async (error: NodeJS.ErrnoException) => {
      // somebody else made the same one meanwhile
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return target;
}
