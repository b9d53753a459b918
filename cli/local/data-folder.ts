import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { DrydockError } from '../../core/errors.ts';
import { home } from '../config/home.ts';

/** The data folder: `--data`, `$DRYDOCK_DATA`, `$XDG_STATE_HOME/drydock`, otherwise `~/.local/state/drydock`. */
export function dataFolder(flag: string | undefined, env = process.env): string {
  if (flag !== undefined) return resolve(flag);
  if (env.DRYDOCK_DATA) return resolve(env.DRYDOCK_DATA);
  if (env.XDG_STATE_HOME) return join(resolve(env.XDG_STATE_HOME), 'drydock');
  return join(home(env), '.local', 'state', 'drydock');
}

/** Creates the data folder. @throws FileUnreadable if that fails. */
export function makeDataFolder(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new DrydockError('FileUnreadable', `${dir} cannot be the data folder: ${(error as Error).message}`, {
      remedy: 'Name a folder that can be written to: --data DIR or $DRYDOCK_DATA.',
      cause: error,
    });
  }
}

/**
 * Path of the control socket. It is outside the data folder and named by a digest of its path, because the path of a
 * unix socket may have at most 107 bytes, and the path of a data folder may be longer.
 */
export function controlSocket(dataDir: string, env = process.env): string {
  const name = createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 24);
  const runtime = env.XDG_RUNTIME_DIR;
  const folder =
    runtime && Buffer.byteLength(runtime) < 60
      ? join(runtime, 'drydock')
      : join(Buffer.byteLength(tmpdir()) < 60 ? tmpdir() : '/tmp', `drydock-${process.getuid?.() ?? 0}`);
  return join(folder, `${name}.sock`);
}

/**
 * Creates the folder of the control socket, or checks that only this user can access it: in a shared temporary folder
 * another user could have created it first and could impersonate the server process. @throws DataFolderBusy.
 */
export function claimSocketFolder(socket: string): void {
  const folder = dirname(socket);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(folder);
  const foreign = process.getuid !== undefined && uid !== process.getuid();
  if (foreign || (mode & 0o077) !== 0) {
    throw new DrydockError('DataFolderBusy', `${folder} belongs to another user or is accessible to others.`, {
      remedy: `Remove it, or set XDG_RUNTIME_DIR to a folder of your own.`,
    });
  }
}
