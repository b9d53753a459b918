/** The package managers that Drydock knows, and the kinds of registries. The schemas of stored data need these names alone. */
export const packageManagers = [
  'npm',
  'pnpm',
  'yarn',
  'bun',
  'pip',
  'uv',
  'poetry',
  'pdm',
  'maven',
  'gradle',
  'go',
  'cargo',
] as const;
export type PackageManager = (typeof packageManagers)[number];

export const registries = ['npm', 'pypi', 'maven', 'go', 'crates'] as const;
