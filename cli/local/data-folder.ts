import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, readdirSync, type Stats, statSync } from 'node:fs';
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

/**
 * Creates the data folder, which only this user may access: it holds the database, the key of the tokens, and copies of
 * repositories. A data folder of an earlier version that others could read is closed to them.
 * @throws FileUnreadable if that fails; DataFolderExposed for a folder with other content that others may access.
 */
export function makeDataFolder(dir: string): void {
  let entries: string[];
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    entries = readdirSync(dir);
  } catch (error) {
    throw new DrydockError('FileUnreadable', `${dir} cannot be the data folder: ${(error as Error).message}`, {
      remedy: 'Name a folder that can be written to: --data DIR or $DRYDOCK_DATA.',
      cause: error,
    });
  }
  const access = othersAccess(statSync(dir));
  if (access === undefined) return;
  // The folder may be a home or a shared folder, named by mistake: only a folder of ours is changed.
  if (access === 'mode' && (entries.length === 0 || entries.includes('engine.sqlite'))) chmodSync(dir, 0o700);
  else throw new DrydockError('DataFolderExposed', `${dir} belongs to another user or is accessible to others.`);
}

/** Why other users may access a folder: one of them owns it, or its mode lets them. */
function othersAccess({ uid, mode }: Stats): 'owner' | 'mode' | undefined {
  if (process.getuid !== undefined && uid !== process.getuid()) return 'owner';
  return (mode & 0o077) === 0 ? undefined : 'mode';
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
  if (othersAccess(lstatSync(folder)) !== undefined) {
    throw new DrydockError('DataFolderBusy', `${folder} belongs to another user or is accessible to others.`, {
      remedy: `Remove it, or set XDG_RUNTIME_DIR to a folder of your own.`,
    });
  }
}
