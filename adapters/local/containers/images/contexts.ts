import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { layout } from '../../../../sandbox/layout.ts';
import { bundleProgram, fromSources } from '../../sandbox/programs.ts';

export const imageNames = ['gateway', 'node', 'python', 'java', 'go', 'rust', 'overlay'] as const;
export type ImageName = (typeof imageNames)[number];

/** Labels of an image: its name, and the digest of what it was built from besides its bases. */
export const imageLabel = 'dev.drydock.image';
export const contextLabel = 'dev.drydock.context';

/** Contents of an image's build context besides its Dockerfile: bundled programs, and folders next to the Dockerfiles. */
const parts: Partial<Record<ImageName, { programs: Record<string, Program>; folders: string[] }>> = {
  gateway: { programs: { 'gateway.mjs': 'gateway-task', 'gateway.process.cjs': 'gateway' }, folders: ['tools'] },
  node: { programs: { 'runner.cjs': 'container' }, folders: ['tools', 'agents'] },
};
type Program = Parameters<typeof bundleProgram>[0];

/**
 * The names that a sandbox knows by itself. `localhost` is one address: a program that listens on the first of two and a
 * client that leaves out IPv6, because no other link has it, would miss each other.
 */
const hosts = `127.0.0.1 localhost ${layout.hostname}\n::1 ip6-localhost\n`;

export const imagesFolder = (packageRoot: string): string => join(packageRoot, 'sandbox/images');

/**
 * Folder with a build context per image: the one in the package, or from sources one that is written to `outDir`.
 * @param outDir Folder that is emptied first.
 */
export async function imageContexts(packageRoot: string, outDir: string): Promise<string> {
  if (!fromSources) return fileURLToPath(new URL('../../../../images', import.meta.url));
  await writeContexts(packageRoot, outDir);
  return outDir;
}

/**
 * Writes a build context per image, `<outDir>/<image>/`, with its Dockerfile in it, and the script that builds them. Reads the sources and nothing else;
 * the same sources give the same bytes and modes.
 * @param outDir Folder that is emptied first.
 */
export async function writeContexts(packageRoot: string, outDir: string): Promise<string[]> {
  rmSync(outDir, { recursive: true, force: true });
  const sources = imagesFolder(packageRoot);
  let ofNode = '';
  const folders: string[] = [];
  for (const image of imageNames) {
    const folder = join(outDir, image);
    mkdirSync(folder, { recursive: true });
    const { programs = {}, folders: copied = [] } = parts[image] ?? {};
    for (const [name, program] of Object.entries(programs))
      writeFileSync(join(folder, name), await bundleProgram(program, packageRoot));
    for (const name of copied) cpSync(join(sources, name), join(folder, name), { recursive: true });
    writeFileSync(join(folder, 'hosts'), hosts);
    const dockerfile = readFileSync(join(sources, image, 'Dockerfile'), 'utf8');
    // What is built on the Node image changes with it.
    const hash = createHash('sha256')
      .update(dockerfile)
      .update(image === 'gateway' ? '' : ofNode);
    hashFolder(folder, '', hash);
    const digest = hash.digest('hex').slice(0, 16);
    if (image === 'node') ofNode = digest;
    writeFileSync(
      join(folder, 'Dockerfile'),
      `${dockerfile.trimEnd()}\nLABEL ${imageLabel}=${image} ${contextLabel}=${digest}\n`,
    );
    setModes(folder);
    folders.push(folder);
  }
  copyFileSync(join(sources, 'build.sh'), join(outDir, 'build.sh'));
  chmodSync(join(outDir, 'build.sh'), 0o644);
  return folders;
}

/** The digest that an image built from this context has as its label. */
export function contextDigest(contexts: string, image: ImageName): string {
  const label =
    readFileSync(join(contexts, image, 'Dockerfile'), 'utf8')
      .trimEnd()
      .split('\n')
      .at(-1) ?? '';
  return label.split(`${contextLabel}=`)[1] ?? '';
}

function hashFolder(folder: string, below: string, hash: ReturnType<typeof createHash>): void {
  for (const entry of readdirSync(join(folder, below), { withFileTypes: true }).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    const path = join(below, entry.name);
    if (entry.isDirectory()) hashFolder(folder, path, hash);
    else hash.update(`${path}\0`).update(readFileSync(join(folder, path)));
  }
}

/** File modes in a checkout depend on the user's umask; those in an image must not. */
function setModes(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) setModes(join(folder, entry.name));
    else chmodSync(join(folder, entry.name), 0o644);
  }
}
