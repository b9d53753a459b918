import { DrydockError } from '../../core/errors.ts';
import { plain } from '../terminal/output.ts';

/** A file that the user named and that cannot be read, without the words of the system where others are plainer. */
export function unreadable(what: string, file: string, error: unknown, remedy?: string): DrydockError {
  const { code, message } = error as NodeJS.ErrnoException;
  const why = reasons[code ?? ''] ?? `cannot be read: ${message}`;
  return new DrydockError(
    'FileUnreadable',
    `The ${what} ${plain(file)} ${why}`,
    remedy === undefined ? {} : { remedy },
  );
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist.',
  EISDIR: 'is a folder; name a file.',
  EACCES: 'cannot be read by this user.',
};
