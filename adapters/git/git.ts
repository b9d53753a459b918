import { spawn } from 'node:child_process';
import { DrydockError } from '../../core/errors.ts';

interface GitOptions {
  cwd: string;
  input?: Uint8Array | string;
  env?: Record<string, string>;
  /** Exit codes besides 0 that are a result and not an error. */
  allow?: number[];
}

interface GitResult {
  code: number;
  stdout: Buffer;
}

/** Overrides settings with which a repository, a user or the environment could change what git does or prints. */
const shield = [
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['safe.directory', '*'],
  ['gc.auto', '0'],
  ['protocol.ext.allow', 'never'],
  ['commit.gpgSign', 'false'],
  ['log.showSignature', 'false'],
  ['i18n.commitEncoding', 'UTF-8'],
  // With these, git would write files beside our temporary index.
  ['core.splitIndex', 'false'],
  ['core.untrackedCache', 'false'],
  ['index.sparse', 'false'],
].flatMap(([key, value]) => ['-c', `${key}=${value}`]);

const environment = {
  PATH: process.env.PATH ?? '/usr/bin:/bin',
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_OPTIONAL_LOCKS: '0',
  // The proxy of this machine, if it has one.
  ...Object.fromEntries(
    ['HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy'].flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  ),
};

/** Runs git with an argument array, without user configuration or prompts. @throws ToolMissing, Internal. */
export function git(args: string[], options: GitOptions): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', [...shield, ...args], {
      cwd: options.cwd,
      env: { ...environment, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'ENOENT'
          ? new DrydockError('ToolMissing', 'git is not on the path.', { remedy: 'Install git: apt-get install git' })
          : error,
      ),
    );
    child.on('close', (code) => {
      const status = code ?? -1;
      if (status === 0 || options.allow?.includes(status)) return resolve({ code: status, stdout: Buffer.concat(out) });
      const output = Buffer.concat(err).toString().trim().slice(0, 2_000);
      reject(
        new DrydockError(
          'Internal',
          `git ${args.find((arg) => !arg.startsWith('-'))} exited with ${status}: ${output}`,
        ),
      );
    });
    // git may exit before it has read all input; the exit code shows whether that is an error.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}

export const gitText = async (args: string[], options: GitOptions): Promise<string> =>
  (await git(args, options)).stdout.toString().trim();

/**
 * Commit id of the branch with exactly this name, or `undefined`. The name is not interpreted as a revision or a glob.
 */
export async function branchHead(repository: string, branch: string): Promise<string | undefined> {
  if (branch === '' || /[\0-\x20\x7F]/.test(branch)) return undefined;
  const found = await git(['show-ref', '--verify', '--hash', `refs/heads/${branch}`], {
    cwd: repository,
    allow: [1, 128],
  });
  return found.code === 0 ? found.stdout.toString().trim() : undefined;
}
