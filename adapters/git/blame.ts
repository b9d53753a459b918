import { DrydockError } from '../../core/errors.ts';
import { git, gitText } from './git.ts';

/** The commit that last changed a line of the checked-out head, with its trailers in order. */
export async function blameLine(
  repository: string,
  file: string,
  line: number,
): Promise<{ commit: string; text: string; trailers: [string, string][] }> {
  const args = ['blame', '--no-textconv', '--porcelain', '-L', `${line},${line}`, 'HEAD', '--', file];
  const found = await git(args, { cwd: repository, allow: [128] });
  const lines = found.stdout.toString().split('\n');
  const commit = lines[0]?.split(' ')[0] ?? '';
  if (found.code !== 0 || !/^[0-9a-f]{40}$/.test(commit)) {
    throw new DrydockError('FileUnreadable', `The commit that is checked out has no line ${line} of ${file}.`, {
      remedy: 'Name a line of a committed file, with its path from the root of the repository: FILE:LINE.',
    });
  }
  const text = lines.find((candidate) => candidate.startsWith('\t'))?.slice(1) ?? '';
  const body = await gitText(['show', '-s', '--format=%(trailers:only,unfold)', commit], { cwd: repository });
  const trailers = body.split('\n').flatMap((trailer): [string, string][] => {
    const colon = trailer.indexOf(': ');
    return colon > 0 ? [[trailer.slice(0, colon), trailer.slice(colon + 2)]] : [];
  });
  return { commit, text, trailers };
}
