import { type Detected, inFolder, type RepositoryFiles } from './installation.ts';

/** How the modules of a Go module or workspace are fetched. */
export function detectGo(files: RepositoryFiles, folder: string): Detected {
  const from = ['go.work', 'go.mod'].map((name) => inFolder(folder, name)).find((path) => files.has(path));
  if (from === undefined) return { faults: [] };
  // Modules of go 1.14 and later are built from this folder, and nothing is fetched: https://go.dev/ref/mod#vendoring
  const version = /^go 1\.(\d{1,3})/m.exec(files.read(from) ?? '')?.[1];
  const vendored = Number(version ?? 0) >= 14 && files.has(inFolder(folder, 'vendor/modules.txt'));
  return {
    installation: { manager: 'go', toolchain: 'go', folder, from, commands: vendored ? [] : ['go mod download'] },
    faults: [],
  };
}
