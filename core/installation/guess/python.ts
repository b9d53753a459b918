import type { PackageManager } from '../../task-spec/package-managers.ts';
import { inFolder, type RepositoryFiles } from '../installation.ts';
import { detectPython, testRequirements } from '../python.ts';
import type { FolderGuess, Machine } from './folder-guess.ts';
import { newestIn, toolVersion } from './versions.ts';

const versions = ['3.13', '3.12', '3.11', '3.10', '3.9', '3.14', '3.8'];
const newest = '3.13';
const manifests = ['pyproject.toml', 'setup.py', 'setup.cfg', 'tox.ini', 'requirements.txt'];

/** How a folder of a Python project is built and tested. */
export function guessPython(files: RepositoryFiles, folder: string, machine: Machine): FolderGuess | undefined {
  const has = (name: string): boolean => files.has(inFolder(folder, name));
  if (!manifests.some(has)) return undefined;
  const read = (name: string): string => files.read(inFolder(folder, name)) ?? '';
  const found = detectPython(files, folder);
  // A pyproject.toml with the settings of tools alone, beside another toolchain's manifest.
  const isProject = ['setup.py', 'setup.cfg', 'tox.ini', 'requirements.txt'].some(has);
  if (!isProject && !/^\[(?:project|build-system|tool\.poetry|dependency-groups)/m.test(read('pyproject.toml')))
    return undefined;
  const manager: PackageManager = found.installation?.manager ?? found.manager ?? 'pip';
  const named = [...manifests, ...testRequirements, 'uv.lock', 'poetry.lock', 'pdm.lock'].some((name) =>
    /\bpytest\b/.test(read(name)),
  );
  const tests = named || has('pytest.ini') || has('conftest.py') || has('tests/conftest.py');
  const command = manager === 'pip' ? 'python -m' : `${manager} run`;
  return {
    runtime: `python:${pythonVersion(files, folder, machine)}`,
    packageManager: manager,
    testCommand: tests ? `${command} pytest` : `${manager === 'pip' ? 'python' : `${manager} run python`} -m unittest`,
    ...(manager === 'pip' && tests && !named ? { setupCommand: 'python -m pip install --quiet pytest' } : {}),
  };
}

/** The version that the project is developed on; of several, the machine's own. */
function pythonVersion(files: RepositoryFiles, folder: string, machine: Machine): string {
  const own = machine.python();
  const preferred = own === undefined ? versions : [own, ...versions];
  const read = (name: string): string => files.read(inFolder(folder, name)) ?? '';
  const named = read('.python-version').split('\n')[0]?.trim() || toolVersion(files, folder, 'python');
  const exact = /^(?:cpython-|python-)?(3\.\d{1,2})/.exec(named ?? '')?.[1];
  if (exact !== undefined) return exact;
  const texts = [read('pyproject.toml'), read('setup.cfg'), read('setup.py')];
  for (const text of texts) {
    const range =
      /(?:requires-python|python_requires)\s*=\s*["']?([^"'\n]{1,100})/.exec(text)?.[1] ??
      /^python\s*=\s*"([^"\n]{1,100})"/m.exec(text)?.[1];
    const found = range === undefined ? undefined : newestIn(asRange(range), preferred);
    if (found !== undefined) return found;
  }
  return own ?? newest;
}

/** A version specifier of Python (PEP 440) as a range; parts without a counterpart are left out. */
const asRange = (specifier: string): string =>
  specifier
    .split(',')
    .map((part) =>
      part
        .trim()
        .replace(/^===?/, '')
        .replace(/^~=\s*(\d+)\..*$/, '^$1'),
    )
    .filter((part) => !part.startsWith('!=') && part !== '')
    .map((part) => part.replace('.*', ''))
    .join(' ');
