import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DrydockError } from '../../core/errors.ts';
import { type Advisory, advisoriesOf } from '../../core/guard/locks/advisories.ts';

const maxFiles = 50_000;
/** Bytes of a file and of all files together. */
const maxFile = 2 * 1024 * 1024;
const maxAll = 256 * 1024 * 1024;

/** Reads the JSON files of a folder of the operator. @throws AdvisoriesUnreadable, with the file. */
export async function readAdvisories(folder: string): Promise<Advisory[]> {
  const unreadable = (path: string, why: string): DrydockError =>
    new DrydockError('AdvisoriesUnreadable', `${path}: ${why}`);
  const names = await readdir(folder).catch((error: Error) => {
    throw unreadable(folder, error.message);
  });
  const files = names.filter((name) => name.endsWith('.json')).sort();
  if (files.length === 0) throw unreadable(folder, 'contains no JSON file');
  if (files.length > maxFiles) throw unreadable(folder, `has more than ${maxFiles} files`);
  const found: Advisory[] = [];
  let bytes = 0;
  for (const name of files) {
    const path = join(folder, name);
    const stat = await lstat(path);
    bytes += stat.size;
    if (!stat.isFile() || stat.size > maxFile || bytes > maxAll)
      throw unreadable(path, 'is too large, or not a regular file');
    const read = advisoriesOf(await readFile(path, 'utf8'));
    if (read === undefined) throw unreadable(path, 'is not a vulnerability in the OSV format');
    found.push(...read);
  }
  return found;
}
