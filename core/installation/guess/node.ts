import type { PackageManager } from '../../task-spec/package-managers.ts';
import { inFolder, type RepositoryFiles } from '../installation.ts';
import { detectNode, manifestOf } from '../node.ts';
import type { FolderGuess } from './folder-guess.ts';
import { newestIn, toolVersion } from './versions.ts';

/** Versions of Node with long-term support, newest first, and older ones that projects still ask for. */
const versions = ['24', '22', '20', '26', '25', '23', '18', '16', '14', '12'];
const codenames: Record<string, string> = { krypton: '24', jod: '22', iron: '20', hydrogen: '18', gallium: '16' };
const newest = '24';

/** How a folder with a `package.json` is built and tested. */
export function guessNode(files: RepositoryFiles, folder: string): FolderGuess | undefined {
  if (!files.has(inFolder(folder, 'package.json'))) return undefined;
  const manifest = manifestOf(files, folder);
  const found = detectNode(files, folder);
  const { unlocked } = found;
  const manager: PackageManager = found.installation?.manager ?? found.manager ?? unlocked?.manager ?? 'npm';
  const { scripts = {} } = manifest ?? {};
  const run = (script: string): string =>
    script === 'test' && manager !== 'bun' ? `${manager} test` : `${manager} run ${script}`;
  const test = scripts.test;
  // npm writes a script that fails into a new manifest.
  const tested = typeof test === 'string' && !/no test specified/.test(test);
  return {
    runtime: `node:${nodeVersion(files, folder, manifest?.engines.node)}`,
    packageManager: manager,
    testCommand: tested ? run('test') : 'node --test',
    ...(typeof scripts.build === 'string' ? { buildCommand: run('build') } : {}),
    ...(unlocked === undefined || manager !== 'npm' ? {} : { setupCommand: 'npm install --no-package-lock' }),
  };
}

/** The major version of Node that a project is developed on. */
function nodeVersion(files: RepositoryFiles, folder: string, engine: unknown): string {
  const named = ['.nvmrc', '.node-version']
    .map((name) => files.read(inFolder(folder, name))?.split('\n')[0]?.trim())
    .concat(toolVersion(files, folder, 'nodejs', 'node'))
    .find((text) => text !== undefined && text !== '');
  const major = /^v?(\d{1,3})(?:\.|$)/.exec(named ?? '')?.[1];
  if (major !== undefined) return major;
  const codename = /^lts\/(\w+)$/.exec(named ?? '')?.[1];
  if (codename !== undefined) return codenames[codename] ?? newest;
  return (typeof engine === 'string' ? newestIn(engine, versions) : undefined) ?? newest;
}
