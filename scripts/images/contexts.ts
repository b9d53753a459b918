import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { bundleProgram, withoutLocales } from '../../adapters/local/sandbox/programs.ts';
import { forAws } from '../bundle-lambdas.ts';
import { lintDockerfile } from './lint.ts';

const root = resolve(import.meta.dirname, '../..');
/** @internal for its tests */
export const imagesFolder = join(root, 'sandbox/images');

export const imageNames = ['gateway', 'node', 'python', 'java', 'go', 'rust', 'overlay'] as const;
export type ImageName = (typeof imageNames)[number];

/** Contents of an image's build context besides its Dockerfile: bundled programs, and folders next to the Dockerfiles. */
const parts: Partial<Record<ImageName, { programs: Record<string, () => Promise<Uint8Array>>; folders: string[] }>> = {
  gateway: { programs: { 'gateway.mjs': bundleGatewayTask }, folders: ['tools'] },
  node: { programs: { 'runner.cjs': () => bundleProgram('container', root) }, folders: ['tools', 'agents'] },
};

export const dockerfileOf = (image: ImageName): string => readFileSync(join(imagesFolder, image, 'Dockerfile'), 'utf8');

/**
 * Writes a build context per image, `<outDir>/<image>/`, with its Dockerfile in it. Reads the sources and nothing else;
 * the same sources give the same bytes and modes.
 * @param outDir Folder that is emptied first.
 * @throws Error if a Dockerfile breaks a rule of `lint.ts`.
 */
export async function writeContexts(outDir: string): Promise<string[]> {
  rmSync(outDir, { recursive: true, force: true });
  return Promise.all(
    imageNames.map(async (image) => {
      const folder = join(outDir, image);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'Dockerfile'), checkedDockerfile(image));
      const { programs = {}, folders = [] } = parts[image] ?? {};
      for (const [name, bundle] of Object.entries(programs)) writeFileSync(join(folder, name), await bundle());
      for (const name of folders) cpSync(join(imagesFolder, name), join(folder, name), { recursive: true });
      setModes(folder);
      return folder;
    }),
  );
}

function checkedDockerfile(image: ImageName): string {
  const text = dockerfileOf(image);
  const faults = lintDockerfile(text).map(
    ({ line, rule, message }) => `${image}/Dockerfile:${line} ${rule}: ${message}`,
  );
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return text;
}

/** File modes in a checkout depend on the user's umask; those in an image must not. */
function setModes(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) setModes(join(folder, entry.name));
    else chmodSync(join(folder, entry.name), 0o644);
  }
}

/** The program of the gateway's task as one file that includes the AWS SDK. */
async function bundleGatewayTask(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [join(root, 'programs/gateway.ecs.ts')],
    write: false,
    ...forAws,
    plugins: [withoutLocales],
  });
  const [output] = outputFiles;
  if (!output) throw new Error('esbuild made nothing of the gateway');
  return output.contents;
}
