import { createHash } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { git } from './git.ts';

/**
 * A bare repository that holds one commit and `depth` commits of its history and nothing else: what a phase may fetch.
 * Kept in `folder` by repository, commit and depth; made aside and renamed, so that a half-made one is never served.
 */
export async function exportBase(folder: string, repository: string, commit: string, depth: number): Promise<string> {
  const key = createHash('sha256').update(repository).digest('hex').slice(0, 12);
  const target = join(folder, `${key}-${commit.slice(0, 20)}-${depth}.git`);
  if (await stat(target).catch(() => undefined)) return target;
  const aside = `${target}.${process.pid}.${Date.now()}`;
  await mkdir(aside, { recursive: true });
  try {
    await git(['init', '--quiet', '--bare', '--initial-branch=base', aside], { cwd: folder });
    await git(
      ['fetch', '--quiet', '--no-tags', `--depth=${depth}`, `file://${repository}`, `${commit}:refs/heads/base`],
      {
        cwd: aside,
        // upload-pack runs as a child and reads its configuration from here
        env: {
          GIT_CONFIG_COUNT: '2',
          GIT_CONFIG_KEY_0: 'uploadpack.allowAnySHA1InWant',
          GIT_CONFIG_VALUE_0: 'true',
          GIT_CONFIG_KEY_1: 'safe.directory',
          GIT_CONFIG_VALUE_1: '*',
        },
      },
    );
    await rename(aside, target).catch(async (error: NodeJS.ErrnoException) => {
      // somebody else made the same one meanwhile
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return target;
}
