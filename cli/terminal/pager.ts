import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askGit } from '../config/git.ts';
import { home } from '../config/home.ts';

/**
 * The pager of a terminal, as git chooses it: `$GIT_PAGER`, git's own setting of the user, `$PAGER`, `less`. Undefined if
 * the user wants none. The command is split at blanks and never given to a shell.
 */
export function pagerOf(env = process.env): string[] | undefined {
  const text = env.GIT_PAGER ?? ownSetting(env) ?? env.PAGER ?? 'less';
  const words = text.split(/\s+/).filter((word) => word !== '');
  if (words.length === 0 || words[0] === 'cat') return undefined;
  return needsShell.test(text) ? ['less'] : words;
}

const needsShell = /["'`$|&;<>()\\*?]/;

/** From the user's own file: a repository may have been unpacked from anywhere, with settings of somebody else. */
function ownSetting(env: NodeJS.ProcessEnv): string | undefined {
  const folder = home(env);
  const files = [join(folder, '.gitconfig'), join(env.XDG_CONFIG_HOME || join(folder, '.config'), 'git', 'config')];
  for (const file of files) {
    const text = askGit(tmpdir(), 'config', '--file', file, '--get', 'core.pager')?.trim();
    if (text !== undefined) return text;
  }
  return undefined;
}

/** Shows lines in the pager, and resolves when the person leaves it. False if the pager does not start. */
export function page([command = '', ...args]: string[], lines: readonly string[], env = process.env): Promise<boolean> {
  return new Promise((resolve) => {
    // As git starts it: short texts are printed, and colours are shown.
    const pager = spawn(command, args, {
      stdio: ['pipe', 'inherit', 'inherit'],
      env: { LESS: 'FRX', LV: '-c', ...env },
    });
    // A person may leave before the end.
    pager.stdin.on('error', () => undefined);
    pager.once('error', () => resolve(false));
    pager.once('close', () => resolve(true));
    pager.stdin.end(`${lines.join('\n')}\n`);
  });
}
