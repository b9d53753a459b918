import { homedir, userInfo } from 'node:os';

export const home = (env = process.env): string => env.HOME || homedir();

/** Name of the current user of the operating system. */
function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'nobody';
  }
}

/** Name of the person who runs the command: `--as`, `$DRYDOCK_USER`, `OSUSER@localhost`. */
export const requesterName = (as: string | undefined, env = process.env): string =>
  as ?? (env.DRYDOCK_USER || `${osUser()}@localhost`);
