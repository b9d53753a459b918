import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createGitCodeHost } from '../../../adapters/git/code-host.ts';
import { createGitHubAccess } from '../../../adapters/github/api/app.ts';
import { createGitHubCodeHost } from '../../../adapters/github/code-host.ts';
import { comparing } from '../../../adapters/github/merge/comparing.ts';
import { history } from '../../../adapters/github/repository/history.ts';
import { here } from '../../../adapters/thread/here.ts';
import type { CodeHost } from '../../../core/ports/host/code-host.ts';
import type { Credentials, MintedCredential } from '../../../core/ports/host/credentials.ts';
import { type GitHubKit, startGitHub } from '../../support/github/kit.ts';
import { type Edit, lines, sh, tempFolder } from './git-fixture.ts';

/** A repository with a `main` of its own, and hands to change it as somebody else would. */
export interface HostFixture {
  host: CodeHost;
  dataDir: string;
  repository: string;
  /** The branch that is worked on, and its first commit: `firstFiles`. */
  main: string;
  base: string;
  /** Before every branch of ours, so that tests do not meet. */
  prefix: string;
  /** Commits on a branch, made from `main` where there is none. */
  commit(edits: Edit[], branch?: string): Promise<string>;
  /** Puts a branch there by force, or takes it away. */
  point(branch: string, commit: string | undefined): Promise<void>;
  head(branch: string): Promise<string | undefined>;
  /** Places where there is no repository, each with a host that is asked for it. */
  nowhere(): { host: CodeHost; repository: string }[];
}

export const oddNames = [
  'a b.txt',
  '"quoted" \'x\'.txt',
  'données/日本.md',
  'tab\there',
  'line\nfeed',
  '-dash',
  ':(glob)*',
  '[id].tsx',
];
export const firstFiles: Edit[] = [
  ['src/a.txt', lines(1, 2, 3, 4, 5)],
  ['src/b.txt', 'b\n'],
  ['run.sh', '#!/bin/sh\n', '100755'],
  ['link', 'src/a.txt', '120000'],
];

/** Commits with plain git, without a work tree. */
function commitByGit(cwd: string, edits: Edit[], parent: string | undefined, branch: string): string {
  const index = { GIT_INDEX_FILE: join(cwd, 'index.test') };
  if (parent === undefined) sh({ cwd, env: index }, 'read-tree', '--empty');
  else sh({ cwd, env: index }, 'read-tree', parent);
  const lines = edits.map(([path, content, mode = '100644']) => {
    if (content === null) return `0 ${'0'.repeat(40)}\t${path}\0`;
    return `${mode} ${sh({ cwd, input: content }, 'hash-object', '-w', '--stdin')}\t${path}\0`;
  });
  sh({ cwd, env: index, input: lines.join('') }, 'update-index', '-z', '--index-info');
  const tree = sh({ cwd, env: index }, 'write-tree');
  const commit = sh(cwd, 'commit-tree', tree, ...(parent ? ['-p', parent] : []), '-m', 'by somebody');
  sh(cwd, 'update-ref', `refs/heads/${branch}`, commit);
  return commit;
}

export async function gitFixture(): Promise<HostFixture> {
  const repository = join(tempFolder(), 'a repo.git');
  mkdirSync(repository);
  sh(repository, 'init', '-q', '--bare', '-b', 'main');
  const dataDir = tempFolder();
  const host = createGitCodeHost(dataDir);
  const head = async (branch: string): Promise<string | undefined> =>
    sh(repository, 'for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`) || undefined;
  return {
    host,
    dataDir,
    repository,
    main: 'main',
    base: commitByGit(repository, firstFiles, undefined, 'main'),
    prefix: 'agent/',
    head,
    commit: async (edits, branch = 'main') =>
      commitByGit(repository, edits, (await head(branch)) ?? (await head('main')), branch),
    async point(branch, commit) {
      sh(
        repository,
        'update-ref',
        ...(commit === undefined ? ['-d'] : []),
        `refs/heads/${branch}`,
        ...(commit ? [commit] : []),
      );
    },
    nowhere: () =>
      [tempFolder(), '/nonexistent/x', join(repository, 'HEAD')].map((place) => ({ host, repository: place })),
  };
}

/** What was minted, in memory. */
export function memoryCredentials(): Credentials & { all: Map<string, MintedCredential> } {
  const all = new Map<string, MintedCredential>();
  return {
    all,
    remember: async (credential) => void all.set(credential.id, credential),
    of: async (owner) => [...all.values()].filter((credential) => credential.owner === owner),
    owners: async () => [...new Set([...all.values()].map(({ owner }) => owner))],
    forget: async (_owner, id) => void all.delete(id),
  };
}

/** Hosts on one GitHub, whose credentials are in `credentials`. */
export function gitHubHosts(github: GitHubKit, dataDir: string, credentials: Credentials = memoryCredentials()) {
  const access = createGitHubAccess(github.config, {
    credentials,
    seal: (text) => Buffer.from(text).toString('base64'),
    open: (text) => Buffer.from(text, 'base64').toString(),
    now: Date.now,
    sleep: async () => undefined,
  });
  return {
    access,
    host: (run: string, repository = github.repository): CodeHost =>
      createGitHubCodeHost({ comparing, history, access, dataDir, scope: { repository, run }, thread: here }),
  };
}

/** Fixtures on one GitHub: each has a `main` of its own, from the same first commit. */
export async function startGitHubFixtures() {
  const github = await startGitHub();
  const { at, admin } = github;
  const first = await github.push(toPush(firstFiles), { branch: 'first', by: 'admin' });
  const { data } = await admin.git.getCommit({ ...at, commit_sha: first });
  const files = await admin.git.getTree({ ...at, tree_sha: data.tree.sha, recursive: '1' });
  const tree = await admin.git.createTree({
    ...at,
    tree: files.data.tree.filter(({ path, type }) => type === 'blob' && path !== 'README.md') as never,
  });
  const root = await admin.git.createCommit({ ...at, message: 'first', tree: tree.data.sha, parents: [] });
  let made = 0;
  return {
    github,
    close: () => github.close(),
    async fixture(): Promise<HostFixture> {
      const number = ++made;
      const dataDir = tempFolder();
      const main = `main-${number}`;
      const hosts = gitHubHosts(github, dataDir);
      const point: HostFixture['point'] = async (branch, sha) => {
        const ref = `heads/${branch}`;
        // GitHub keeps what a branch left behind; the kit's git has what was there when somebody asked.
        if (await head(branch)) await askGit(github);
        if (sha === undefined) await admin.git.deleteRef({ ...at, ref });
        else if (await head(branch)) await admin.git.updateRef({ ...at, ref, sha, force: true });
        else await admin.git.createRef({ ...at, ref: `refs/${ref}`, sha });
      };
      const head = (branch: string) => github.head(branch).catch(() => undefined);
      await point(main, root.data.sha);
      return {
        host: hosts.host(`r-${number}`),
        dataDir,
        repository: github.repository,
        main,
        base: root.data.sha,
        prefix: `agent-${number}/`,
        head,
        point,
        async commit(edits, branch = main) {
          if ((await head(branch)) === undefined) await point(branch, (await head(main)) ?? '');
          return github.push(toPush(edits), { branch, by: 'admin' });
        },
        nowhere: () =>
          ['acme/nope', 'nobody/calc'].map((repository) => ({
            host: hosts.host(`r-${number}`, repository),
            repository,
          })),
      };
    },
  };
}

async function askGit(github: GitHubKit): Promise<void> {
  const authorization = `Basic ${Buffer.from('x:tok_admin').toString('base64')}`;
  const url = `${github.url}/${github.repository}.git/info/refs?service=git-upload-pack`;
  await (await fetch(url, { headers: { authorization } })).arrayBuffer();
}

const toPush = (edits: Edit[]) =>
  Object.fromEntries(
    edits.map(([path, content, mode]) => [
      path,
      content === null ? null : { content: Buffer.from(content), ...(mode ? { mode } : {}) },
    ]),
  );
