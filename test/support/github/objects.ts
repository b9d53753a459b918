import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Octokit } from '@octokit/rest';

const git = (cwd: string, args: string[], input: Buffer | string = '', env: Record<string, string> = {}): string =>
  execFileSync('git', args, { cwd, input, encoding: 'utf8', env: { PATH: process.env.PATH ?? '', ...env } }).trim();

/**
 * A bare repository with every branch of the emulator, made from its objects by the git data API. Its ids are git's, so
 * that what is written here has the same ones; where it has not, this throws.
 */
export async function mirrorRepository(octokit: Octokit, root: string, owner: string, repo: string): Promise<void> {
  const cwd = join(root, owner, `${repo}.git`);
  if (!existsSync(join(cwd, 'HEAD'))) {
    mkdirSync(cwd, { recursive: true });
    git(cwd, ['init', '--quiet', '--bare', '--initial-branch=main', '.']);
  }
  const has = (sha: string): boolean => {
    try {
      git(cwd, ['cat-file', '-e', sha]);
      return true;
    } catch {
      return false;
    }
  };
  const same = (what: string, made: string, sha: string): void => {
    if (made !== sha) throw new Error(`the emulator's ${what} ${sha} is ${made} for git`);
  };
  const commit = async (sha: string): Promise<void> => {
    if (has(sha)) return;
    const { data } = await octokit.git.getCommit({ owner, repo, commit_sha: sha });
    for (const parent of data.parents) await commit(parent.sha);
    const tree = await octokit.git.getTree({ owner, repo, tree_sha: data.tree.sha, recursive: '1' });
    const lines: string[] = [];
    for (const entry of tree.data.tree) {
      if (entry.type === 'tree') continue;
      if (entry.type === 'blob' && !has(entry.sha)) {
        const blob = await octokit.git.getBlob({ owner, repo, file_sha: entry.sha });
        const bytes = Buffer.from(blob.data.content, 'base64');
        same('blob', git(cwd, ['hash-object', '-w', '--stdin'], bytes), entry.sha);
      }
      lines.push(`${entry.mode} ${entry.sha}\t${entry.path}\0`);
    }
    const index = { GIT_INDEX_FILE: join(cwd, 'index.mirror') };
    git(cwd, ['read-tree', '--empty'], '', index);
    git(cwd, ['update-index', '-z', '--index-info'], lines.join(''), index);
    same('tree', git(cwd, ['write-tree'], '', index), data.tree.sha);
    const who = ({ name, email, date }: { name: string; email: string; date: string }): string =>
      `${name} <${email}> ${Math.floor(Date.parse(date) / 1000)} +0000`;
    const text = [
      `tree ${data.tree.sha}`,
      ...data.parents.map((parent) => `parent ${parent.sha}`),
      `author ${who(data.author)}`,
      `committer ${who(data.committer)}`,
      '',
      // The emulator ends every message with a line feed before it makes the id.
      data.message.endsWith('\n') ? data.message : `${data.message}\n`,
    ].join('\n');
    same('commit', git(cwd, ['hash-object', '-t', 'commit', '-w', '--stdin'], text), sha);
  };
  const { data: refs } = await octokit.git.listMatchingRefs({ owner, repo, ref: 'heads/' });
  const known = new Set(git(cwd, ['for-each-ref', '--format=%(refname) %(objectname)']).split('\n'));
  const moved = refs.filter(({ ref, object }) => !known.has(`${ref} ${object.sha}`));
  for (const { object } of moved) await commit(object.sha);
  const updates = moved.map(({ ref, object }) => `update ${ref} ${object.sha}\n`);
  if (updates.length > 0) git(cwd, ['update-ref', '--stdin'], updates.join(''));
}
