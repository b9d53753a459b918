import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { maxGitmodules, parseGitmodules, repositoryOf, shownUrl } from '../../core/git/submodules.ts';
import { lfsMatcher } from '../../core/guard/lfs.ts';
import type { Policy } from '../../core/policy/schema.ts';
import { pathRule } from '../../core/task-spec/constraints.ts';
import type { TaskSpec } from '../../core/task-spec/schema.ts';
import type { Problem } from '../../core/task-spec/text.ts';
import { askGit } from '../config/git.ts';
import { filesOf } from '../config/repositories.ts';

/** Problems of a spec with files of the work tree that a sandbox would not get, or that a change could not contain. */
export const lackingFiles = (
  root: string,
  spec: Pick<TaskSpec, 'repository' | 'target_paths' | 'constraints'>,
  policy: Policy | undefined,
): Omit<Problem, 'line' | 'column'>[] => [
  ...missingSubmodules(root, spec.repository, policy),
  ...filesInLfs(root, spec),
  ...ignoredTargets(root, spec),
];

/** A new file that git ignores is in no change. Files that git tracks are in one, whatever is ignored. */
function ignoredTargets(
  root: string,
  { target_paths, constraints }: Pick<TaskSpec, 'target_paths' | 'constraints'>,
): Omit<Problem, 'line' | 'column'>[] {
  const rules = constraints.flatMap((text) => pathRule(text) ?? []);
  const only = rules.flatMap(({ kind, globs }) => (kind === 'only' ? globs : []));
  const targets = [...new Set([...target_paths, ...only])].filter((path) => !/[*?[\]{}!]/.test(path));
  return ignoredPaths(root, targets.slice(0, maxTargets)).map((path) => ({
    severity: 'warning',
    rule: 'target-ignored',
    message: `Git ignores ${path}, so that no pull request would have it. Name another file, or take it out of .gitignore.`,
  }));
}

/** Paths of a spec that are looked up. */
const maxTargets = 100;

/** Those of the paths that git ignores. */
export function ignoredPaths(root: string, paths: readonly string[]): string[] {
  if (paths.length === 0) return [];
  const ignored = (askGit(root, 'check-ignore', '--', ...paths) ?? '').split('\n');
  return paths.filter((path) => ignored.includes(path));
}

/** Files of Git LFS are pointers in a sandbox, and a change of them is refused. */
function filesInLfs(
  root: string,
  { target_paths }: Pick<TaskSpec, 'target_paths'>,
): Omit<Problem, 'line' | 'column'>[] {
  const files = filesOf(root);
  const attributes = files.filter((path) => /(^|\/)\.gitattributes$/.test(path)).slice(0, maxAttributes);
  if (attributes.length === 0) return [];
  const inLfs = lfsMatcher(new Map(attributes.map((path) => [path, Buffer.from(read(join(root, path)))])));
  const found = files.filter(inLfs);
  const asked = target_paths.filter(inLfs);
  const named = (paths: string[]): string =>
    `${paths.slice(0, 3).join(', ')}${paths.length > 3 ? ` and ${paths.length - 3} more` : ''}`;
  if (asked.length > 0)
    return [
      {
        severity: 'error',
        rule: 'LfsChanged',
        message: `${named(asked)} is stored in Git LFS, whose objects are neither fetched nor uploaded. Take it out of target_paths.`,
      },
    ];
  return found.length === 0
    ? []
    : [
        {
          severity: 'warning',
          rule: 'lfs-not-fetched',
          message: `Git LFS keeps ${named(found)}: the sandbox has pointers in place of the contents, and a change of such a file is refused.`,
        },
      ];
}

/** Files of attributes that are read. */
const maxAttributes = 200;

/** The submodules of the work tree that a sandbox would not get. */
function missingSubmodules(
  root: string,
  repository: string,
  policy: Policy | undefined,
): Omit<Problem, 'line' | 'column'>[] {
  const links = (askGit(root, 'ls-files', '-z', '--stage') ?? '')
    .split('\0')
    .flatMap((line) => (line.startsWith('160000 ') ? [line.slice(line.indexOf('\t') + 1)] : []));
  if (links.length === 0) return [];
  const declared = parseGitmodules(read(join(root, '.gitmodules')));
  const listed = policy?.repositories ?? {};
  const own = listed[repository];
  const parent = { name: repository, location: own?.host === 'git' ? own.url : repository };
  return links.flatMap((path) => {
    const url = declared.find((each) => each.path === path)?.url;
    if (url !== undefined && repositoryOf(url, parent, listed) !== undefined) return [];
    const message =
      url === undefined
        ? `${path} is a submodule that .gitmodules does not name, so its folder is empty in the sandbox.`
        : `The policy lists no repository for the submodule ${path} (${shownUrl(url)}), so its folder is empty in the sandbox. List the repository under \`repositories\`.`;
    return [{ severity: 'warning', rule: 'submodule-missing', message }];
  });
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').slice(0, maxGitmodules);
  } catch {
    return '';
  }
}
