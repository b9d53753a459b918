import { homedir, userInfo } from 'node:os';

export const home = (env = process.env): string => env.HOME || homedir();

/** Name of the person at the keyboard, as the operating system knows it. */
export function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'nobody';
  }
}
