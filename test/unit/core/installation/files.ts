import type { RepositoryFiles } from '../../../../core/installation/installation.ts';

/** A repository of these files. */
export const repositoryOf = (files: Readonly<Record<string, string>>): RepositoryFiles => ({
  read: (path) => (Object.hasOwn(files, path) ? files[path] : undefined),
  has: (path) => Object.hasOwn(files, path) || Object.keys(files).some((name) => name.startsWith(`${path}/`)),
});
