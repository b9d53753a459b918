import { type Declared, maxGitmodules, parseGitmodules, repositoryOf, shownUrl } from '../../core/git/submodules.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { StoredOrder } from '../../core/run/phase-order.ts';
import { loadPolicy } from '../commands/stored-policy.ts';
import type { Deps } from '../deps.ts';
import { record as recordEvent } from '../runs/record-event.ts';
import type { RepositoryAccess, RunContext } from '../runs/run-context.ts';

/** Submodules of one base, those of submodules among them. */
const maxSubmodules = 50;

type Submodule = NonNullable<StoredOrder['base']['submodules']>[number];

interface Found {
  submodules: Submodule[];
  /** Those that a phase does not get, with the reason, for people. */
  missing: string[];
}

/** The submodules of the base, at their pinned commits, whose repositories the policy lists. */
export async function submodulesOf(deps: Deps, context: RunContext): Promise<Found> {
  const { record, task } = context;
  const found: Found = { submodules: [], missing: [] };
  if (record.base === undefined) return found;
  const walk = async (access: RepositoryAccess, name: string, commit: string, prefix: string): Promise<void> => {
    const links = [...(await access.host.listTree(access.location, commit))].flatMap(([path, { mode, blobSha }]) =>
      mode === '160000' ? [{ path, commit: blobSha }] : [],
    );
    if (links.length === 0) return;
    const file = await access.host.readFile(access.location, commit, '.gitmodules');
    const declared = parseGitmodules(file ? new TextDecoder().decode(file.subarray(0, maxGitmodules)) : '');
    const { repositories } = await loadPolicy(deps, record);
    for (const link of links) {
      const path = `${prefix}${link.path}`;
      const sub = submodule(link, declared, { name, location: access.location }, repositories);
      if (found.submodules.length >= maxSubmodules)
        found.missing.push(`${path} (more than ${maxSubmodules} submodules)`);
      else if (typeof sub === 'string') found.missing.push(`${path} (${sub})`);
      else {
        found.submodules.push({ ...sub, scope: { ...sub.scope, run: record.runId } });
        const { host, scope, location } = sub;
        await walk(
          { host: deps.codeHost(host, scope), location, repository: sub },
          scope.repository,
          sub.commit,
          `${path}/`,
        );
      }
    }
  };
  await walk(context, task.spec.repository, record.base, '');
  if (found.missing.length > 0)
    await recordEvent(deps, record.runId, {
      key: `submodules#${record.base}`,
      type: 'submodules-missing',
      text: `folders of submodules are empty: ${found.missing.slice(0, 10).join(', ')}`,
    });
  return found;
}

/** The order for a submodule, or the reason why there is none. */
function submodule(
  link: { path: string; commit: string },
  declared: readonly Declared[],
  parent: { name: string; location: string },
  repositories: Policy['repositories'],
): Submodule | string {
  const url = declared.find(({ path }) => path === link.path)?.url;
  if (url === undefined) return '.gitmodules does not name it';
  const name = repositoryOf(url, parent, repositories);
  const listed = name === undefined ? undefined : repositories[name];
  if (name === undefined || listed === undefined) return `the policy lists no repository for ${shownUrl(url)}`;
  const installation = listed.host === 'github' ? listed.installation : undefined;
  return {
    host: listed.host,
    scope: { repository: name, ...(installation === undefined ? {} : { installation }) },
    location: listed.host === 'git' ? listed.url : name,
    commit: link.commit,
  };
}
