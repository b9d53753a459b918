/** Packages as archives of the repository: installing them needs no registry. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface Packed {
  name: string;
  archive: Buffer;
  integrity: string;
  hasInstallScript: boolean;
}

/** Packs a package; `postinstall` is the body of a program that runs when it is installed, in the folder of the project. */
export function pack(name: string, files: Record<string, string>, postinstall?: string): Packed {
  const folder = mkdtempSync(path.join(tmpdir(), 'pack-'));
  const write = (file: string, content: string): void => writeFileSync(path.join(folder, 'package', file), content);
  mkdirSync(path.join(folder, 'package'));
  const scripts = postinstall === undefined ? {} : { postinstall: 'node postinstall.mjs' };
  write('package.json', JSON.stringify({ name, version: '1.0.0', scripts }));
  if (postinstall !== undefined) write('postinstall.mjs', `process.chdir(process.env.INIT_CWD);\n${postinstall}`);
  for (const [file, content] of Object.entries(files)) write(file, content);
  execFileSync('tar', ['--sort=name', '--mtime=@0', '-czf', 'archive.tgz', 'package'], { cwd: folder });
  const archive = readFileSync(path.join(folder, 'archive.tgz'));
  rmSync(folder, { recursive: true });
  const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
  return { name, archive, integrity, hasInstallScript: postinstall !== undefined };
}

/** The files of a project with these packages: archives, manifest and lock file. */
export function project(packages: readonly Packed[], manifest: object = {}): Record<string, string | Buffer> {
  const dependencies = Object.fromEntries(packages.map(({ name }) => [name, `file:${name}.tgz`]));
  const locked = packages.map(({ name, integrity, hasInstallScript }) => [
    `node_modules/${name}`,
    { version: '1.0.0', resolved: `file:${name}.tgz`, integrity, ...(hasInstallScript ? { hasInstallScript } : {}) },
  ]);
  const lock = { lockfileVersion: 3, packages: { '': { name: 'calc', dependencies }, ...Object.fromEntries(locked) } };
  return {
    ...Object.fromEntries(packages.map(({ name, archive }) => [`${name}.tgz`, archive])),
    'package.json': JSON.stringify({
      name: 'calc',
      private: true,
      type: 'module',
      scripts: { test: 'node test.mjs', check: 'node check.mjs' },
      dependencies,
      ...manifest,
    }),
    'package-lock.json': JSON.stringify(lock),
  };
}
