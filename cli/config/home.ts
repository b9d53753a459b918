import { homedir, userInfo } from 'node:os';

export const home = (env = process.env): string => env.HOME || homedir();

/** Name of the current user of the operating system. */
export function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'nobody';
  }
}
