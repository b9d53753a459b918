import { DrydockError } from '../../core/errors.ts';
import { gitBlobSha } from '../../core/task-spec/fingerprint.ts';
import { git } from './git.ts';

/** Bytes of the line before each content, at most: an id, a type and a size. */
const headerBytes = 80;

/**
 * Contents of blobs by id, from one process of git, however many there are.
 * @param maxBytes Limit of all contents together.
 * @throws LimitExceeded if they have more; RepositoryIncomplete in a partial clone; Internal if a blob is missing or damaged: it must not count as an empty file.
 */
export async function readBlobs(cwd: string, ids: Iterable<string>, maxBytes: number): Promise<Map<string, Buffer>> {
  const wanted = [...new Set(ids)];
  const contents = new Map<string, Buffer>();
  if (wanted.length === 0) return contents;
  const { stdout } = await git(['cat-file', '--batch'], {
    cwd,
    input: wanted.map((id) => `${id}\n`).join(''),
    maxOutput: maxBytes + wanted.length * headerBytes,
  });
  let at = 0;
  for (const id of wanted) {
    const end = stdout.indexOf('\n', at);
    const [found, kind, bytes] = stdout.toString('latin1', at, Math.max(at, end)).split(' ');
    if (found !== id || kind !== 'blob') throw new DrydockError('Internal', `The repository has no blob ${id}.`);
    const content = stdout.subarray(end + 1, end + 1 + Number(bytes));
    // The index of a pack can name any object by any id, and git does not compare.
    if (gitBlobSha(content) !== id)
      throw new DrydockError('Internal', `The repository stores another content as ${id}.`);
    contents.set(id, content);
    at = end + 1 + Number(bytes) + 1;
  }
  return contents;
}
