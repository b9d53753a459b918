import { execFileSync } from 'node:child_process';
import { gitCommand } from '../../core/git/command.ts';

/** Bytes. A list of all tracked paths is the longest output. */
const maxOutput = 64 * 1024 * 1024;

/**
 * Output of git in a folder, without anything that repository, user or machine configure; `undefined` if git fails.
 */
export function askGit(cwd: string, ...args: string[]): string | undefined {
  const command = gitCommand(args, process.env);
  try {
    return execFileSync('git', command.args, {
      cwd,
      env: command.env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: maxOutput,
    });
  } catch {
    return undefined;
  }
}
