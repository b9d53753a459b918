import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { DrydockError } from '../../core/errors.ts';
import { home } from '../config/home.ts';

/** Where the data of one machine is kept: `--data`, `$DRYDOCK_DATA`, `$XDG_STATE_HOME/drydock`, `~/.local/state/drydock`. */
export function dataFolder(flag: string | undefined, env = process.env): string {
  if (flag !== undefined) return resolve(flag);
  if (env.DRYDOCK_DATA) return resolve(env.DRYDOCK_DATA);
  if (env.XDG_STATE_HOME) return join(resolve(env.XDG_STATE_HOME), 'drydock');
  return join(home(env), '.local', 'state', 'drydock');
}

/** Makes the data folder. @throws FileUnreadable where it cannot be one. */
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
 * The owner's control socket. In a folder of its own and named by the data folder's digest, because the path of a unix
 * socket may have 107 bytes at most, and a data folder's may be longer.
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
 * Makes the folder of the control socket, or makes sure that it is ours alone: in a shared temporary folder somebody else
 * could have made it first, and would then be asked in the owner's place. @throws DataFolderBusy.
 */
export function claimSocketFolder(socket: string): void {
  const folder = dirname(socket);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(folder);
  const foreign = process.getuid !== undefined && uid !== process.getuid();
  if (foreign || (mode & 0o077) !== 0) {
    throw new DrydockError('DataFolderBusy', `${folder} belongs to somebody else or is open to others.`, {
      remedy: `Remove it, or set XDG_RUNTIME_DIR to a folder of your own.`,
    });
  }
}
