import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { deflateSync, inflateSync } from 'node:zlib';
import type { BootConfig } from '../../boot.ts';
import { argsFd, gitArguments, packed } from '../commands/layer.ts';
import { GitFolder } from './git-folder.ts';

/** Limit for git's output: larger than any list of paths in a phase. */
const maxGitOutput = 1024 * 1024 * 1024;

/** Attributes that disable line-end, keyword and filter conversion, whatever the work tree's own attributes say. */
const exactBytes = '* -text -eol -ident -filter -working-tree-encoding\n';

const safeConfig = '[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tsymlinks = true\n\tbare = false\n';

class GitError extends Error {
  override readonly name = 'GitError';
}

interface GitOptions {
  input?: Uint8Array;
  /** Name of an index file in the runner's folder. */
  index?: string;
  env?: Record<string, string>;
  /** Exit codes other than 0 that are not an error. */
  allow?: readonly number[];
}

/**
 * The runner's own repository, outside the work tree and not accessible to commands. Nothing that a command can write
 * configures it: no configuration of system or user, no replaced, borrowed or fetched objects, and its own files are
 * written anew before each use.
 */
export interface OwnGit {
  readonly dir: string;
  /** Folder of index files and of others that git reads; no command can write there. */
  readonly folder: string;
  run(args: readonly string[], options?: GitOptions): Promise<Buffer>;
  /** `git check-attr`, with no attributes but those of the index that it gets. */
  attributes(args: readonly string[], options: GitOptions): Promise<Buffer>;
  /** Stores a blob and returns its id. */
  writeBlob(content: Uint8Array): string;
  /** The content of a blob that `writeBlob` stored. */
  readWritten(sha: string): Buffer;
  /**
   * To be called before untrusted code runs for the first time. From then on git works in a layer of its own, which has
   * the work tree and the runner's folder, but no network, no socket of the gateway and no other process in sight.
   */
  distrust(): void;
}

export function ownGit(boot: BootConfig): OwnGit {
  const { runner: folder, workspace } = boot.paths;
  const dir = join(folder, 'git');
  const base = {
    PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: '/nonexistent',
    LANG: 'C.UTF-8',
    GIT_DIR: dir,
    GIT_WORK_TREE: workspace,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_NO_LAZY_FETCH: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
  };
  let own: GitFolder | undefined;
  // A second folder without attributes of its own, which borrows the objects of the first.
  const plain = join(folder, 'attributes');
  for (const part of ['objects/info', 'refs']) mkdirSync(join(plain, part), { recursive: true });
  writeFileSync(join(plain, 'HEAD'), 'ref: refs/heads/none\n');
  writeFileSync(join(plain, 'config'), safeConfig);
  writeFileSync(join(plain, 'objects/info/alternates'), `${join(dir, 'objects')}\n`);
  // The files of `git init` (gitrepository-layout), without a process, templates or sample hooks.
  for (const part of ['hooks', 'info', 'objects', 'refs/heads']) mkdirSync(join(dir, part), { recursive: true });
  writeFileSync(join(dir, 'HEAD'), 'ref: refs/heads/none\n');
  writeFileSync(join(dir, 'config'), safeConfig);
  writeFileSync(join(dir, 'info', 'attributes'), exactBytes);
  const objectFile = (sha: string): string => join(dir, 'objects', sha.slice(0, 2), sha.slice(2));
  const git: OwnGit = {
    dir,
    folder,
    distrust() {
      own ??= new GitFolder(dir);
    },
    async run(args, options = {}) {
      const index: Record<string, string> =
        options.index === undefined ? {} : { GIT_INDEX_FILE: join(folder, options.index) };
      const env = { ...base, ...index, ...options.env };
      if (own === undefined) return collect(spawn('git', args, { cwd: workspace, env, stdio: 'pipe' }), args, options);
      await own.restore();
      if (boot.isolation !== 'bubblewrap')
        return collect(spawn('git', args, { cwd: workspace, env, stdio: 'pipe' }), args, options);
      const child = spawn('bwrap', ['--args', String(argsFd), '--', 'git', ...args], {
        cwd: '/',
        env: { PATH: base.PATH },
        stdio: ['pipe', 'pipe', 'pipe', 'ignore', 'pipe'],
      });
      const settings = child.stdio[argsFd];
      if (settings instanceof Writable) {
        settings.on('error', () => undefined);
        settings.end(packed(gitArguments(boot, env)));
      }
      return collect(child, args, options);
    },
    writeBlob(content) {
      const bytes = Buffer.concat([Buffer.from(`blob ${content.length}\0`), content]);
      const sha = createHash('sha1').update(bytes).digest('hex');
      const file = objectFile(sha);
      if (!existsSync(file)) {
        mkdirSync(join(file, '..'), { recursive: true });
        writeFileSync(file, deflateSync(bytes, { level: 1 }));
      }
      return sha;
    },
    readWritten(sha) {
      const bytes = inflateSync(readFileSync(objectFile(sha)));
      return bytes.subarray(bytes.indexOf(0) + 1);
    },
    attributes: (args, options) => git.run(['check-attr', ...args], { ...options, env: { GIT_DIR: plain } }),
  };
  return git;
}

function collect(child: ChildProcess, args: readonly string[], options: GitOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const out: Buffer[] = [];
    let length = 0;
    let err = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > maxGitOutput) child.kill('SIGKILL');
      else out.push(chunk);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      err = (err + chunk.toString()).slice(-2_000);
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input);
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 || (code !== null && options.allow?.includes(code))
        ? resolve(Buffer.concat(out))
        : reject(new GitError(`git ${args[0]}: ${err.trim()}`)),
    );
  });
}
