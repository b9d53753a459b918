import { DrydockError } from '../../core/errors.ts';
import { git } from './git.ts';

/**
 * The error of a call that found an object missing: in a partial clone it is not a defect, because git does not ask the
 * remote that a repository names.
 */
export async function incomplete(repository: string, error: unknown): Promise<unknown> {
  if (!(error instanceof DrydockError) || error.name !== 'Internal') return error;
  const promised = '^(extensions\\.partialclone|remote\\..*\\.promisor)$';
  const found = await git(['config', '--get-regexp', promised], { cwd: repository, allow: [1] });
  if (found.code !== 0) return error;
  return new DrydockError(
    'RepositoryIncomplete',
    // A run keeps the name and the message of its error, so that the command is part of the message.
    `${repository} is a partial clone, and objects that this run needs were never fetched into it. To fetch them: git -C '${repository}' fetch --refetch --no-filter`,
    { cause: error },
  );
}
