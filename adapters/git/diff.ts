import { DrydockError } from '../../core/errors.ts';
import type { UnifiedDiff } from '../../core/ports/host/code-host.ts';
import { git } from './git.ts';
import { inScratch } from './scratch.ts';

const commitId = /^[0-9a-f]{40}$/;

/**
 * The change between two commits as git prints it: without rename detection, because a change set has no renames, and
 * in a scratch repository, because attributes in the files of a branch could hide its own changes.
 * @throws Internal if one of the two is not in the repository.
 */
export async function unifiedDiff(cwd: string, base: string, commit: string, maxBytes: number): Promise<UnifiedDiff> {
  for (const id of [base, commit]) {
    if (!commitId.test(id)) throw new DrydockError('Internal', `${JSON.stringify(id)} is not a commit id.`);
  }
  const quiet = ['--no-color', '--no-ext-diff', '--no-textconv', '--no-renames'];
  const shape = ['--unified=3', '--src-prefix=a/', '--dst-prefix=b/', '--submodule=short'];
  // A plumbing command: `git diff` would also apply the repository's configuration of order and context.
  const args = ['diff-tree', '-r', '-p', ...quiet, ...shape, base, commit, '--'];
  const { stdout } = await inScratch(cwd, (scratch) => git(args, { cwd: scratch }));
  if (stdout.length <= maxBytes) return { text: stdout.toString(), truncated: false };
  // Cut after the last complete line that fits.
  const end = stdout.subarray(0, Math.max(0, maxBytes)).lastIndexOf(0x0a) + 1;
  return { text: stdout.subarray(0, end).toString(), truncated: true };
}
