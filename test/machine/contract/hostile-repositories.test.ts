/** A repository of somebody else: no operation runs a program that it names, and an id stands for its own content. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGitCodeHost } from '../../../adapters/git/code-host.ts';
import { askGit } from '../../../cli/config/git.ts';
import { branchOf, repositoryName } from '../../../cli/config/own-repository.ts';
import { filesOf, gitRoot } from '../../../cli/config/repositories.ts';
import { blobsByPath } from '../../../core/run/change-set.ts';
import { change, removeTempFolders, sh, tempFolder } from './git-fixture.ts';

let repository: string;
let base: string;
let next: string;
/** A program that leaves a file where it ran. */
let program: string;
let ran: string;

const write = (path: string, content: string): void => {
  mkdirSync(join(repository, path, '..'), { recursive: true });
  writeFileSync(join(repository, path), content);
};
const commitAll = (message: string): string => {
  sh(repository, 'add', '-A');
  sh(repository, 'commit', '-qm', message);
  return sh(repository, 'rev-parse', 'HEAD');
};
const git = (...parts: string[]): string => join(repository, '.git', ...parts);
const config = (name: string, value: string): string => sh(repository, 'config', name, value);
const looseOf = (id: string): string => git('objects', id.slice(0, 2), id.slice(2));

beforeEach(() => {
  const folder = tempFolder();
  repository = join(folder, 'repo');
  ran = join(folder, 'ran');
  program = join(folder, 'program');
  writeFileSync(program, `#!/bin/sh\necho "$0 $*" >> '${ran}'\ncat\n`);
  chmodSync(program, 0o755);
  mkdirSync(repository);
  sh(repository, 'init', '-q', '-b', 'main');
  write('src/a.js', 'export const a = 1;\n');
  write('b.txt', 'b\n');
  base = commitAll('first');
  write('src/a.js', 'export const a = 2;\n');
  next = commitAll('second');
  sh(repository, 'remote', 'add', 'origin', 'https://github.com/acme/app.git');
});
afterAll(removeTempFolders);

/** Everything that Drydock does with a repository; what fails for want of an object tells so by an error. */
async function useAll(): Promise<{ read: string; diff: string; failed: string[] }> {
  const host = createGitCodeHost(tempFolder());
  const failed: string[] = [];
  const attempt = async <T>(name: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch {
      failed.push(name);
      return undefined;
    }
  };
  await attempt('resolve', () => host.resolve(repository, 'main'));
  await attempt('listTree', () => host.listTree(repository, base));
  const read = await attempt('readFile', () => host.readFile(repository, base, 'src/a.js'));
  await attempt('readFiles', () => host.readFiles(repository, base, ['src/a.js', 'b.txt'], 1_000));
  const diff = await attempt('diff', () => host.diff(repository, base, next, 10_000));
  await attempt('exportBase', () => host.exportBase(repository, base, 5));
  const edits = change(base, [['c.txt', 'c\n']]);
  const request = { repository, branch: 'agent/x', change: edits, message: 'x\n\nDrydock-Run: r\n', at: 0 };
  const published = await attempt('publish', () => host.publish(request));
  await attempt('publish again', () => host.publish({ ...request, previous: published?.commit ?? base, at: 1_000 }));
  const merged = await attempt('rebase', () => host.rebase(repository, edits, next));
  if (merged) expect([...blobsByPath(merged.change).keys()]).toEqual(['c.txt']);
  await attempt('blame', () => host.blame(repository, 'src/a.js', 1));
  for (const each of [gitRoot(repository), branchOf(repository), repositoryName(repository), filesOf(repository)])
    expect(each).toBeDefined();
  askGit(repository, 'rev-parse', '--verify', 'HEAD');
  return { read: Buffer.from(read ?? []).toString(), diff: diff?.text ?? '', failed };
}

/** Each names the program in some way; nothing may start it. */
const programs: [name: string, arrange: () => void][] = [
  ['a file system monitor', () => config('core.fsmonitor', program)],
  ['hooks', () => {
    for (const hook of ['reference-transaction', 'post-index-change', 'pre-commit', 'post-checkout', 'post-rewrite', 'pre-auto-gc'])
      writeFileSync(git('hooks', hook), readFileSync(program), { mode: 0o755 });
  }],
  ['a folder of hooks', () => {
    mkdirSync(git('more'));
    writeFileSync(git('more', 'reference-transaction'), readFileSync(program), { mode: 0o755 });
    config('core.hooksPath', git('more'));
  }],
  ['text conversion and external diff', () => {
    config('diff.js.textconv', program);
    config('diff.js.command', program);
    config('diff.external', program);
    write('.gitattributes', '*.js diff=js\n');
  }],
  ['filters', () => {
    config('filter.js.clean', program);
    config('filter.js.smudge', program);
    config('filter.js.process', program);
    config('filter.js.required', 'true');
    write('.gitattributes', '*.js filter=js\n');
    writeFileSync(git('info', 'attributes'), '* filter=js\n');
  }],
  ['a merge driver', () => {
    config('merge.js.driver', `${program} %A`);
    writeFileSync(git('info', 'attributes'), '* merge=js\n');
  }],
  ['a program for refs of alternates', () => config('core.alternateRefsCommand', program)],
  ['a program that packs', () => config('uploadpack.packObjectsHook', program)],
  ['programs for signatures', () => {
    config('gpg.program', program);
    config('commit.gpgSign', 'true');
    config('log.showSignature', 'true');
  }],
  ['a pager, an editor and a credential helper', () => {
    for (const name of ['core.pager', 'pager.blame', 'core.editor', 'sequence.editor', 'core.askPass', 'credential.helper'])
      config(name, program);
  }],
  ['settings in another file', () => {
    writeFileSync(git('more'), `[core]\n\tfsmonitor = ${program}\n[diff]\n\texternal = ${program}\n`);
    config('include.path', git('more'));
  }],
  ['commands of git under another name', () => {
    for (const name of ['cat-file', 'ls-tree', 'diff-tree', 'blame']) config(`alias.${name}`, `!${program}`);
  }],
  ['a remote to which missing objects are promised, served by a program', () => {
    promise('file:///nowhere');
    config('remote.origin.uploadpack', program);
    rmSync(looseOf(sh(repository, 'rev-parse', `${base}^{tree}`)));
  }],
  ['a remote with a missing file', () => {
    promise('file:///nowhere');
    config('remote.origin.uploadpack', program);
    rmSync(looseOf(sh(repository, 'rev-parse', `${base}:src/a.js`)));
  }],
  ['a remote by ssh', () => {
    promise('ssh://nowhere/x');
    config('core.sshCommand', program);
    rmSync(looseOf(sh(repository, 'rev-parse', `${base}^{tree}`)));
  }],
  ['a remote by git with a proxy', () => {
    promise('git://nowhere/x');
    config('core.gitProxy', program);
    rmSync(looseOf(sh(repository, 'rev-parse', `${base}^{tree}`)));
  }],
  ['a remote that is a program', () => {
    promise(`ext::${program}`);
    config('protocol.ext.allow', 'always');
    config('protocol.allow', 'always');
    rmSync(looseOf(sh(repository, 'rev-parse', `${base}^{tree}`)));
  }],
]; // biome-ignore format: one arrangement after the other

/** A partial clone of this remote. */
function promise(url: string): void {
  config('core.repositoryFormatVersion', '1');
  config('extensions.partialClone', 'origin');
  config('remote.origin.url', url);
  config('remote.origin.promisor', 'true');
  config('remote.origin.partialCloneFilter', 'blob:none');
}

/** Each would show another content under an id, or none. */
const lies: [name: string, arrange: () => void][] = [
  ['a replaced file', () => {
    const other = sh({ cwd: repository, input: 'evil\n' }, 'hash-object', '-w', '--stdin');
    sh(repository, 'replace', sh(repository, 'rev-parse', `${base}:src/a.js`), other);
  }],
  ['a replaced commit', () => sh(repository, 'replace', base, next)],
  ['a graft', () => writeFileSync(git('info', 'grafts'), `${next}\n`)],
  ['attributes in the work tree that hide a change', () => write('.gitattributes', '*.js -diff\n* -text\n')],
  ['attributes of the repository', () => writeFileSync(git('info', 'attributes'), '*.js -diff\n')],
  ['an attributes file of the configuration', () => {
    writeFileSync(git('attributes'), '*.js -diff\n');
    config('core.attributesFile', git('attributes'));
  }],
  ['a commit graph that gives a commit another tree', () => {
    sh(repository, 'commit-graph', 'write', '--reachable');
    const file = git('objects', 'info', 'commit-graph');
    const [of, to] = [base, next].map((id) => Buffer.from(sh(repository, 'rev-parse', `${id}^{tree}`), 'hex'));
    const bytes = readFileSync(file);
    bytes.set(to ?? [], bytes.indexOf(of ?? Buffer.alloc(20)));
    chmodSync(file, 0o644);
    writeFileSync(file, bytes);
  }],
  ['a diff that is configured away', () => {
    config('diff.orderFile', '/dev/null');
    config('diff.context', '0');
    config('diff.ignoreSubmodules', 'all');
    config('diff.noprefix', 'true');
    config('core.quotePath', 'false');
  }],
]; // biome-ignore format: one arrangement after the other

const shown =
  /^diff --git a\/src\/a\.js b\/src\/a\.js\n.*\n--- a\/src\/a\.js\n\+\+\+ b\/src\/a\.js\n@@ -1 \+1 @@\n-export const a = 1;\n\+export const a = 2;\n$/;

describe("somebody else's repository", () => {
  it.each(programs)('starts nothing: %s', async (_, arrange) => {
    arrange();
    await useAll();
    expect(existsSync(ran) ? readFileSync(ran, 'utf8') : '').toBe('');
  });

  it.each(lies)('changes no content: %s', async (_, arrange) => {
    arrange();
    const { read, diff, failed } = await useAll();
    expect({ read, failed }).toEqual({ read: 'export const a = 1;\n', failed: [] });
    expect(diff).toMatch(shown);
  });

  it('with a file that is stored under the id of another one is refused', async () => {
    const [of, by] = ['src/a.js', 'b.txt'].map((path) => looseOf(sh(repository, 'rev-parse', `${base}:${path}`)));
    chmodSync(of ?? '', 0o644);
    writeFileSync(of ?? '', readFileSync(by ?? ''));
    const { read, failed } = await useAll();
    expect([read, failed.includes('readFile'), failed.includes('readFiles')]).toEqual(['', true, true]);
  });

  it('with a few folders that stand for millions of files is refused by name, before they are held', async () => {
    const tree = (lines: string[]): string =>
      execFileSync('git', ['mktree'], { cwd: repository, input: lines.join(''), encoding: 'utf8' }).trim();
    const names = Array.from({ length: 40 }, (_, i) => `${'n'.repeat(60)}${i}`);
    const blob = sh(repository, 'rev-parse', `${base}:b.txt`);
    let bomb = tree(names.map((name) => `100644 blob ${blob}\t${name}\n`));
    for (let level = 0; level < 3; level++) bomb = tree(names.map((name) => `040000 tree ${bomb}\t${name}\n`));
    const commit = sh(repository, 'commit-tree', bomb, '-m', 'bomb');
    await expect(createGitCodeHost(tempFolder()).listTree(repository, commit)).rejects.toMatchObject({
      name: 'LimitExceeded',
      message: expect.stringContaining('ls-tree'),
    });
  });

  describe('in an environment that is set against it', () => {
    const before = { ...process.env };
    afterEach(() => {
      for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    });
    it('starts nothing and reads the repository that it is told to', async () => {
      Object.assign(process.env, {
        GIT_DIR: '/nowhere',
        GIT_WORK_TREE: '/nowhere',
        GIT_EXTERNAL_DIFF: program,
        GIT_PAGER: program,
        GIT_SSH_COMMAND: program,
        GIT_CONFIG_PARAMETERS: `'core.fsmonitor=${program}'`,
        GIT_CONFIG_COUNT: '1',
        GIT_CONFIG_KEY_0: 'core.hooksPath',
        GIT_CONFIG_VALUE_0: program,
        GIT_REPLACE_REF_BASE: 'refs/heads/',
      });
      const { read, diff, failed } = await useAll();
      expect({ read, failed, ran: existsSync(ran) }).toEqual({ read: 'export const a = 1;\n', failed: [], ran: false });
      expect(diff).toMatch(shown);
    });
  });

  it('does not configure what these tests take for granted: the programs would run', () => {
    appendFileSync(git('config'), `[core]\n\tfsmonitor = ${program}\n`);
    sh(repository, 'status');
    expect(existsSync(ran)).toBe(true);
  });
});
