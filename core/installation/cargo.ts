import { type Detected, type Installation, inFolder, lineOf, type RepositoryFiles } from './installation.ts';

/** How the crates of a Cargo package or workspace are fetched. */
export function detectCargo(files: RepositoryFiles, folder: string): Detected {
  const manifest = inFolder(folder, 'Cargo.toml');
  if (!files.has(manifest)) return { faults: [] };
  const lock = inFolder(folder, 'Cargo.lock');
  const locked = files.has(lock);
  const pattern = /^version = (\d+)/m;
  const version = pattern.exec(files.read(lock)?.slice(0, 1_000) ?? '')?.[1];
  if (locked && version !== undefined && Number(version) > 4) {
    const line = lineOf(files.read(lock) ?? '', pattern);
    return {
      faults: [
        {
          path: lock,
          ...(line === undefined ? {} : { line }),
          message: `the format of the lock file, ${version}, is not one that cargo writes`,
          remedy: 'Write the lock file again with a current cargo: cargo generate-lockfile',
        },
      ],
    };
  }
  const installation: Installation = {
    manager: 'cargo',
    toolchain: 'rust',
    folder,
    from: locked ? lock : manifest,
    commands: [locked ? 'cargo fetch --locked' : 'cargo fetch'],
  };
  return { installation, faults: [] };
}
