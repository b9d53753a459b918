/** A repository as it would be found, an empty home, and the registries that the host's tools are configured with. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { cliAsyncIn, type Said } from '../support/cli.ts';
import type { World } from '../support/world.ts';
import type { Files } from './registries/archive.ts';

export interface Registries {
  pypi?: string;
  maven?: string;
  go?: string;
  crates?: string;
}

export interface Repository {
  folder: string;
  drydock(...args: string[]): Promise<Said>;
  /** Writes files without a commit. */
  write(files: Files): void;
  remove(): void;
}

const identity = ['-c', 'user.name=test', '-c', 'user.email=test@example.com'];

export function makeRepository(files: Files, registries: Registries = {}): Repository {
  const root = mkdtempSync(join(tmpdir(), 'drydock-repo-'));
  const folder = join(root, 'project');
  const write = (base: string, all: Files): void => {
    for (const [name, content] of Object.entries(all)) {
      mkdirSync(dirname(join(base, name)), { recursive: true });
      writeFileSync(join(base, name), content);
    }
  };
  write(folder, files);
  const git = (...args: string[]): void =>
    void execFileSync('git', [...identity, ...args], { cwd: folder, stdio: 'ignore' });
  git('init', '-q', '-b', 'main');
  git('add', '--all');
  git('commit', '-q', '-m', 'start');
  const { pypi, maven, go, crates } = registries;
  write(join(root, 'home'), {
    ...(maven === undefined
      ? {}
      : {
          '.m2/settings.xml': `<settings><mirrors><mirror><id>m</id><mirrorOf>*</mirrorOf><url>${maven}</url></mirror></mirrors></settings>`,
        }),
    ...(crates === undefined
      ? {}
      : {
          '.cargo/config.toml': `[source.crates-io]\nreplace-with = "m"\n[source.m]\nregistry = "sparse+${crates}"\n`,
        }),
  });
  const ofMachine = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'HTTPS_PROXY', 'NO_PROXY'].flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]]],
  );
  const env = {
    ...Object.fromEntries(ofMachine),
    RUSTUP_HOME: process.env.RUSTUP_HOME ?? join(userInfo().homedir, '.rustup'),
    ...(pypi === undefined ? {} : { PIP_INDEX_URL: `${pypi}simple/` }),
    ...(go === undefined ? {} : { GOPROXY: go }),
    // The home is empty, so npm's configuration of the machine is passed on.
    npm_config_registry: execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8', cwd: '/' }).trim(),
  };
  const world = { folder: root, env } as unknown as World;
  return {
    folder,
    drydock: (...args) => cliAsyncIn(world, folder, ...args),
    write: (all) => write(folder, all),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
