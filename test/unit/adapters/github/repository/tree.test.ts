import type { Octokit } from '@octokit/rest';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTree } from '../../../../../adapters/github/repository/tree.ts';

interface Entry {
  path: string;
  mode: string;
  type: 'blob' | 'tree';
  sha: string;
}

/** Answers as GitHub does: at most `most` entries, then `truncated`. */
function treesOf(files: string[], most: number) {
  let calls = 0;
  const under = (folder: string, deep: boolean): Entry[] => {
    const found = new Map<string, Entry>();
    for (const file of files) {
      if (!file.startsWith(folder)) continue;
      const parts = file.slice(folder.length).split('/');
      for (let i = 1; i <= (deep ? parts.length : 1); i++) {
        const path = parts.slice(0, i).join('/');
        const isFile = i === parts.length;
        const sha = isFile ? `blob:${folder}${path}` : `tree:${folder}${path}/`;
        found.set(path, { path, sha, mode: isFile ? '100644' : '040000', type: isFile ? 'blob' : 'tree' });
      }
    }
    return [...found.values()];
  };
  const getTree = async ({ tree_sha, recursive }: { tree_sha: string; recursive?: string }) => {
    calls++;
    const all = under(tree_sha === 'root' ? '' : tree_sha.slice('tree:'.length), recursive === '1');
    // One folder alone is never cut here: GitHub's limit for it is a hundred thousand.
    const truncated = recursive === '1' && all.length > most;
    return { data: { tree: truncated ? all.slice(0, most) : all, truncated } };
  };
  return { octokit: { git: { getTree } } as unknown as Octokit, calls: () => calls };
}

describe('readTree', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd e');
  const paths = fc
    .uniqueArray(fc.array(name, { minLength: 1, maxLength: 4 }), { maxLength: 30, selector: (path) => path.join('/') })
    .map((all) => all.map((path) => `${path.join('/')}.txt`));

  it('knows every file, however early the answer is cut', async () => {
    await fc.assert(
      fc.asyncProperty(paths, fc.integer({ min: 1, max: 12 }), async (files, most) => {
        const tree = await readTree(treesOf(files, most).octokit, 'acme/calc', 'root');
        expect([...tree.keys()].sort()).toEqual(files.toSorted());
        for (const [path, { mode, blobSha }] of tree) expect([mode, blobSha]).toEqual(['100644', `blob:${path}`]);
      }),
    );
  });

  it('asks no more for a few folders that stand for millions of files', async () => {
    let calls = 0;
    const entries = Array.from({ length: 40 }, (_, i) => ({
      path: `n${i}`,
      mode: '040000',
      type: 'tree',
      sha: 'same',
    }));
    const getTree = async ({ recursive }: { recursive?: string }) => {
      calls++;
      return { data: { tree: entries, truncated: recursive === '1' } };
    };
    const octokit = { git: { getTree } } as unknown as Octokit;
    await expect(readTree(octokit, 'acme/calc', 'root')).rejects.toMatchObject({ name: 'LimitExceeded' });
    expect(calls).toBeLessThan(5_000);
  });

  it('asks once where the answer is whole', async () => {
    const { octokit, calls } = treesOf(['a/b.txt', 'c.txt'], 100);
    expect((await readTree(octokit, 'acme/calc', 'root')).size).toBe(2);
    expect(calls()).toBe(1);
  });
});
