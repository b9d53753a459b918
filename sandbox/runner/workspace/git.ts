import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Limit for git's output: larger than any list of paths in a phase. Contents are read one by one. */
const maxGitOutput = 1024 * 1024 * 1024;

/** Attributes that disable line-end, keyword and filter conversion, whatever the work tree's own attributes say. */
const exactBytes = '* -text -eol -ident -filter -working-tree-encoding\n';

const safeConfig = '[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n';

class GitError extends Error {
  override readonly name = 'GitError';
}

/** The runner's own repository, outside the work tree and not accessible to commands. */
export interface OwnGit {
  readonly dir: string;
  run(
    args: readonly string[],
    options?: { input?: Uint8Array; index?: string; env?: Record<string, string | undefined> },
  ): Promise<Buffer>;
}

export function ownGit(folder: string, workspace: string): OwnGit {
  const dir = join(folder, 'git');
  const base = {
    PATH: process.env.PATH,
    HOME: folder,
    LANG: 'C.UTF-8',
    GIT_DIR: dir,
    GIT_WORK_TREE: workspace,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
  };
  const git: OwnGit = {
    dir,
    run: (args, options = {}) =>
      new Promise((resolve, reject) => {
        const index = options.index === undefined ? {} : { GIT_INDEX_FILE: join(folder, options.index) };
        const child = spawn('git', args, { cwd: workspace, env: { ...base, ...index, ...options.env }, stdio: 'pipe' });
        const out: Buffer[] = [];
        let length = 0;
        let err = '';
        child.stdout.on('data', (chunk: Buffer) => {
          length += chunk.length;
          if (length > maxGitOutput) child.kill('SIGKILL');
          else out.push(chunk);
        });
        child.stderr.on('data', (chunk: Buffer) => {
          err = (err + chunk.toString()).slice(-2_000);
        });
        child.stdin.on('error', () => undefined);
        child.stdin.end(options.input);
        child.once('error', reject);
        child.once('close', (code) =>
          code === 0 ? resolve(Buffer.concat(out)) : reject(new GitError(`git ${args[0]}: ${err.trim()}`)),
        );
      }),
  };
  // The files of `git init` (gitrepository-layout), without a process, templates or sample hooks.
  for (const part of ['hooks', 'info', 'objects', 'refs/heads']) mkdirSync(join(dir, part), { recursive: true });
  writeFileSync(join(dir, 'HEAD'), 'ref: refs/heads/none\n');
  writeFileSync(join(dir, 'config'), safeConfig);
  writeFileSync(join(dir, 'info', 'attributes'), exactBytes);
  // Installed packages are never part of a change, even if the repository does not ignore them; tracked files stay
  // tracked.
  writeFileSync(join(dir, 'info', 'exclude'), 'node_modules/\n');
  return git;
}
