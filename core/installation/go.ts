import { type Detected, inFolder, type RepositoryFiles } from './installation.ts';

/** How the modules of a Go module or workspace are fetched. */
export function detectGo(files: RepositoryFiles, folder: string): Detected {
  const from = ['go.work', 'go.mod'].map((name) => inFolder(folder, name)).find((path) => files.has(path));
  if (from === undefined) return { faults: [] };
  return { installation: { manager: 'go', toolchain: 'go', folder, from, commands: ['go mod download'] }, faults: [] };
}
