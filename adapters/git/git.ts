import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { DrydockError } from '../../core/errors.ts';
import { gitCommand } from '../../core/git/command.ts';

interface GitOptions {
  cwd: string;
  /** Pieces are written as git reads them, and are not joined. */
  input?: Uint8Array | string | Iterable<Uint8Array>;
  env?: Record<string, string>;
  /** Exit codes besides 0 that are a result and not an error. */
  allow?: number[];
  /** Transports that git may use; by default none. */
  protocols?: Parameters<typeof gitCommand>[2];
  /** Bytes of output. Default: 1 GiB. */
  maxOutput?: number;
  /** Repository of this machine that is read, if it is not `cwd`. */
  source?: string;
  /** Remedy for too much output. */
  remedy?: string;
}

interface GitResult {
  code: number;
  stdout: Buffer;
}

const splitTask = 'Split the task: the changed files are too large to be compared.';
const maxOutput = 1024 * 1024 * 1024;
/** Bytes of git's messages that are kept. */
const maxMessages = 64 * 1024;

/**
 * Runs git with an argument array, without any configuration or prompts.
 * @throws ToolMissing; LimitExceeded if the output is too large; RepositoryIncomplete; Internal.
 */
export function git(args: string[], options: GitOptions): Promise<GitResult> {
  const command = gitCommand(args, process.env, options.protocols);
  const limit = options.maxOutput ?? maxOutput;
  return new Promise((resolve, reject) => {
    const child = spawn('git', command.args, {
      cwd: options.cwd,
      env: { ...command.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let size = 0;
    let messages = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) out.push(chunk);
      else child.kill('SIGKILL');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      messages += chunk.length;
      if (messages <= maxMessages) err.push(chunk);
    });
    child.on('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'ENOENT'
          ? new DrydockError('ToolMissing', 'git is not on the path.', { remedy: 'Install git: apt-get install git' })
          : error,
      ),
    );
    child.on('close', (code) => {
      const status = code ?? -1;
      const name = args.find((arg) => !arg.startsWith('-'));
      if (size > limit)
        return reject(
          new DrydockError('LimitExceeded', `git ${name} printed more than ${limit} bytes.`, {
            remedy: options.remedy ?? splitTask,
          }),
        );
      if (status === 0 || options.allow?.includes(status)) return resolve({ code: status, stdout: Buffer.concat(out) });
      const output = Buffer.concat(err).toString().trim().slice(0, 2_000);
      // Git says this of a partial clone, whose remote it may not ask.
      if (output.includes('from promisor remote')) return reject(incomplete(options.source ?? options.cwd));
      reject(new DrydockError('Internal', `git ${name} exited with ${status}: ${output}`));
    });
    // git may exit before it has read all input; the exit code shows whether that is an error.
    child.stdin.on('error', () => undefined);
    const { input = '' } = options;
    if (typeof input === 'string' || input instanceof Uint8Array) child.stdin.end(input);
    else Readable.from(input, { objectMode: false }).pipe(child.stdin);
  });
}

// A run keeps the name and the message of its error, so that the command is part of the message.
const incomplete = (repository: string): DrydockError =>
  new DrydockError(
    'RepositoryIncomplete',
    `${repository} is a partial clone, and objects that this run needs were never fetched into it. To fetch them: git -C '${repository}' fetch --refetch --no-filter`,
  );

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
