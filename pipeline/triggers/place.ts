import { defined } from '../../core/defined.ts';
import { DrydockError } from '../../core/errors.ts';
import type { Policy } from '../../core/policy/schema.ts';
import { wildcard } from '../../core/policy/wildcard.ts';
import type { CodeHost } from '../../core/ports/host/code-host.ts';
import { readRunbook } from '../../core/runbook/parse.ts';
import { runbookFolder } from '../../core/runbook/record.ts';
import type { ReadRunbook, Runbook } from '../../core/runbook/schema.ts';
import { maxFileBytes } from '../../core/task-spec/text.ts';
import type { Deps } from '../deps.ts';
import { absentBranch } from '../repository/absent-branch.ts';

/** A repository whose runbooks may have triggers. */
export interface TriggerPlace {
  policy: Policy;
  repository: string;
  trustedBranches: string[];
  host: CodeHost;
  location: string;
}

/** A runbook at a commit, with its blob id. */
export type FoundRunbook = ReadRunbook & { name: string; blob: string };

/** More runbooks than a team has. */
const maxRunbooks = 100;

/** The place of a repository that the policy lists under `triggers`. @throws UnknownRepository. */
export function triggerPlace(deps: Pick<Deps, 'codeHost'>, policy: Policy, repository: string): TriggerPlace {
  const listed = Object.hasOwn(policy.repositories, repository) ? policy.repositories[repository] : undefined;
  if (!listed) throw new DrydockError('UnknownRepository', `The policy does not list ${repository}.`);
  const installation = listed.host === 'github' ? listed.installation : undefined;
  return {
    ...{ policy, repository },
    trustedBranches: listed.trusted_branches,
    host: deps.codeHost(listed.host, { repository, ...defined({ installation }) }),
    location: listed.host === 'git' ? listed.url : repository,
  };
}

/** Whether the policy lets any runbook of a repository start runs. */
export const hasTriggers = ({ policy, repository }: Pick<TriggerPlace, 'policy' | 'repository'>): boolean =>
  allowed(policy, repository).length > 0;

const allowed = ({ triggers }: Policy, repository: string): string[] =>
  triggers && Object.hasOwn(triggers.runbooks, repository) ? (triggers.runbooks[repository] ?? []) : [];

/** The runbooks of a commit that the policy allows, in the order of their names. Invalid ones are among them. */
export async function runbooksAt(place: TriggerPlace, commit: string): Promise<FoundRunbook[]> {
  const patterns = allowed(place.policy, place.repository);
  if (patterns.length === 0) return [];
  const tree = await place.host.listTree(place.location, commit);
  const files = [...tree]
    .flatMap(([path, { mode, blobSha: blob, bytes = 0 }]) => {
      const name = path.startsWith(runbookFolder)
        ? /^([^/]+)\.md$/.exec(path.slice(runbookFolder.length))?.[1]
        : undefined;
      const isFile = (mode === '100644' || mode === '100755') && bytes <= maxFileBytes;
      return name !== undefined && isFile && wildcard(patterns, name) ? [{ path, name, blob }] : [];
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .slice(0, maxRunbooks);
  if (files.length === 0) return [];
  const paths = files.map(({ path }) => path);
  const contents = await place.host.readFiles(place.location, commit, paths, maxRunbooks * maxFileBytes);
  return files.flatMap(({ path, name, blob }) => {
    const bytes = contents.get(path);
    return bytes ? [{ ...readRunbook(path, bytes), name, blob }] : [];
  });
}

/**
 * The branch on which runbooks of schedules, labels and comments are read: the first trusted one that is named in full and
 * exists.
 */
export async function runbookBranch(place: TriggerPlace): Promise<{ branch: string; commit: string } | undefined> {
  for (const branch of place.trustedBranches) {
    if (branch.includes('*')) continue;
    const commit = await place.host.resolve(place.location, branch).catch(absentBranch);
    if (commit !== undefined) return { branch, commit };
  }
  return undefined;
}

/** A runbook without errors. */
export const isValid = (found: FoundRunbook): found is FoundRunbook & { runbook: Runbook } =>
  found.runbook !== undefined;
