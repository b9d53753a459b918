import { createHash } from 'node:crypto';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';

/** Where the data of one machine is kept: `--data`, `$DRYDOCK_DATA`, `$XDG_STATE_HOME/drydock`, `~/.local/state/drydock`. */
export function dataFolder(flag: string | undefined, env = process.env): string {
  if (flag !== undefined) return resolve(flag);
  if (env.DRYDOCK_DATA) return resolve(env.DRYDOCK_DATA);
  if (env.XDG_STATE_HOME) return join(resolve(env.XDG_STATE_HOME), 'drydock');
  return join(home(env), '.local', 'state', 'drydock');
}

export const home = (env = process.env): string => env.HOME || homedir();

/** Name of the person at the keyboard, as the operating system knows it. */
export function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'nobody';
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
    runtime && runtime.length < 60
      ? join(runtime, 'drydock')
      : join(tmpdir().length < 60 ? tmpdir() : '/tmp', `drydock-${process.getuid?.() ?? 0}`);
  return join(folder, `${name}.sock`);
}
