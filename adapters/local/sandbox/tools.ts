import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, chmod, copyFile, link, mkdir, open, realpath, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DrydockError } from '../../../core/errors.ts';
import { npmPackage } from './host/programs-in-path.ts';
import type { Runtime } from './host/runtime.ts';

/**
 * Hard-links a file if possible, otherwise copies it: a node binary has over 100 MB. The sandbox mounts it read-only.
 */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => copyFile(from, to, constants.COPYFILE_FICLONE));
  await access(to, constants.X_OK);
}

/**
 * The tools folder of a phase: `runner` (starts the runner), `node` (the project's runtime), `npm`, and `bin` with the
 * names that come first in PATH. They are copied here because the originals may lie in a folder that the unprivileged
 * user cannot enter, such as a version manager's folder in a home.
 * @throws SandboxUnavailable if it is to be sealed, and the node that runs Drydock has no loader.
 */
export async function writeTools(tools: string, runtime: Pick<Runtime, 'node'>, sealed: boolean): Promise<void> {
  await mkdir(join(tools, 'bin'), { recursive: true });
  await mkdir(join(tools, 'runner'));
  await mkdir(join(tools, 'node'));
  await linkOrCopy(await realpath(process.execPath), join(tools, 'runner/node'));
  if (sealed) await writeLoader(join(tools, 'runner/loader'));
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

/**
 * The dynamic loader that starts the runner's node, which may be executed and not read: nobody of the same user can then
 * read the memory or the environment of the process, or trace it (docs/adr/0010). A loader has 200 KB, and the node
 * itself, which may be a link to the host's, stays readable.
 */
async function writeLoader(target: string): Promise<void> {
  const loader = await loaderOf(process.execPath);
  if (loader === undefined) {
    throw new DrydockError('SandboxUnavailable', `${process.execPath} is not linked dynamically`, {
      remedy: 'Run Drydock with a node from nodejs.org or from the distribution.',
    });
  }
  await copyFile(loader, target);
  await chmod(target, 0o111);
}

/** The loader that a 64-bit ELF program names (elf(5), PT_INTERP), for example `/lib64/ld-linux-x86-64.so.2`. */
async function loaderOf(program: string): Promise<string | undefined> {
  const file = await open(program);
  const read = async (position: number, bytes: number): Promise<Buffer> =>
    (await file.read(Buffer.alloc(bytes), 0, bytes, position)).buffer;
  try {
    const header = await read(0, 64);
    if (header.toString('latin1', 0, 4) !== '\x7fELF') return undefined;
    const [table, size, count] = [Number(header.readBigUInt64LE(32)), header.readUInt16LE(54), header.readUInt16LE(56)];
    for (let index = 0; index < count; index += 1) {
      const entry = await read(table + index * size, 56);
      if (entry.readUInt32LE(0) !== 3) continue;
      const path = await read(Number(entry.readBigUInt64LE(8)), Number(entry.readBigUInt64LE(32)));
      return path.toString('utf8', 0, path.indexOf(0));
    }
    return undefined;
  } finally {
    await file.close();
  }
}
