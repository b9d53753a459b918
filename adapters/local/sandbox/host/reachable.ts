import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, statSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DrydockError } from '../../../../core/errors.ts';
import { isRoot } from '../isolation/unprivileged.ts';

/**
 * A path of the host that the user of a sandbox can enter. If the server process runs as root, bubblewrap runs as an
 * unprivileged user who cannot enter another user's home. The file or folder is then hard-linked into a folder that this
 * user can enter, once per state of the original.
 * @throws SandboxUnavailable if another user owns that folder.
 */
export async function reachable(original: string): Promise<string> {
  if (!isRoot()) return original;
  const ancestors = original.split('/').map((_, i, parts) => parts.slice(0, i + 1).join('/') || '/');
  if (ancestors.every((ancestor) => (statSync(ancestor).mode & 0o005) !== 0)) return original;
  const { mtimeMs, ino } = statSync(original);
  const key = createHash('sha256').update(`${original} ${ino} ${mtimeMs}`).digest('hex').slice(0, 16);
  const shared = join(tmpdir(), `drydock-shared-${process.getuid?.()}`);
  await mkdir(shared, { recursive: true, mode: 0o755 });
  // Another user could have created the folder first, with a program of their own in it.
  if (lstatSync(shared).uid !== process.getuid?.() || (lstatSync(shared).mode & 0o022) !== 0) {
    throw new DrydockError('SandboxUnavailable', `${shared} belongs to another user.`, { remedy: `Remove ${shared}.` });
  }
  const target = join(shared, key);
  if (existsSync(target)) return target;
  const temporary = `${target}.${process.pid}`;
  const copy = promisify(execFile);
  await copy('cp', ['-al', '--', original, temporary]).catch(async () => {
    await rm(temporary, { recursive: true, force: true });
    await copy('cp', ['-a', '--', original, temporary]);
  });
  await rename(temporary, target).catch(() => rm(temporary, { recursive: true, force: true }));
  return target;
}
