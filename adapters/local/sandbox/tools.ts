import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, copyFile, link, mkdir, realpath, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { npmPackage } from './host-tools.ts';
import type { Runtime } from './runtime.ts';

/**
 * Hard-links a file if possible, otherwise copies it: a node binary has over 100 MB. The sandbox mounts it read-only.
 */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => copyFile(from, to, constants.COPYFILE_FICLONE));
  await access(to, constants.X_OK);
}

/**
 * The tools folder of a phase: `runner/node` (runs the runner), `node` (the project's runtime), `npm`, and `bin` with
 * the names that come first in PATH. They are copied here because the originals may lie in a folder that the
 * unprivileged user cannot enter, such as a version manager's folder in a home.
 */
export async function writeTools(tools: string, runtime: Runtime): Promise<void> {
  await mkdir(join(tools, 'bin'), { recursive: true });
  await mkdir(join(tools, 'runner'));
  await mkdir(join(tools, 'node'));
  await linkOrCopy(await realpath(process.execPath), join(tools, 'runner/node'));
  await linkOrCopy(await realpath(runtime.node), join(tools, 'node/node'));
  await symlink('../node/node', join(tools, 'bin/node'));
  const npm = await npmPackage();
  if (npm === undefined) return;
  let inside = npm.root;
  if (!npm.root.startsWith('/usr/')) {
    // Uses `cp`, because node's own copy takes seconds for npm's thousands of files.
    await promisify(execFile)('cp', ['-R', '--', npm.root, join(tools, 'npm')]);
    inside = '../npm';
  }
  for (const name of ['npm', 'npx']) await symlink(`${inside}/bin/${name}-cli.js`, join(tools, 'bin', name));
}
