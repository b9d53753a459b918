import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { maxGitmodules, parseGitmodules, repositoryOf, shownUrl } from '../../core/git/submodules.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { Problem } from '../../core/task-spec/text.ts';
import { askGit } from '../config/git.ts';

/** The submodules of the work tree that a sandbox would not get, as problems of a spec. */
export function missingSubmodules(
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
