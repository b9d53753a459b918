import { DrydockError } from '../../core/errors.ts';
import type { Policy } from '../../core/policy/schema.ts';
import { wildcard } from '../../core/policy/wildcard.ts';
import { gitBlobSha } from '../../core/task-spec/fingerprint.ts';
import { readSpec } from '../../core/task-spec/parse.ts';
import type { Deps } from '../deps.ts';
import { hostedRepository } from '../repository/hosted-repository.ts';
import { specsAt } from '../repository/spec-files.ts';
import { type SubmitRequest, type Submitted, submit } from './submit.ts';

/**
 * What a person asks a deployment for. A spec tells an agent what to do, so it has to have been reviewed: it runs only
 * when these bytes lie at the head of one of its repository's trusted branches, where a push would have started it. It is
 * the same run then, under the same key: asking for what was pushed already is a `duplicate`.
 * @throws PolicyRefused when it lies on no trusted branch; DeliveryRefused for a repository that the policy does not list
 * on GitHub; and what `submit` throws.
 */
export async function submitTrusted(
  deps: Deps,
  request: Omit<SubmitRequest, 'origin' | 'repository'>,
): Promise<Submitted> {
  const read = readSpec(request.file, request.bytes);
  const { spec } = read;
  // Whatever it lacks is told by `submit`, with all its faults.
  if (!spec) return submit(deps, { ...request, read });
  const found = await trustedSpec(deps, request.policy, spec, gitBlobSha(request.bytes));
  return submit(deps, {
    ...request,
    file: found.path,
    read,
    repository: spec.repository,
    origin: { branch: found.branch, commit: found.commit },
  });
}

async function trustedSpec(
  deps: Deps,
  policy: Policy,
  spec: { repository: string; target_branch: string },
  blob: string,
): Promise<{ path: string; branch: string; commit: string }> {
  const { host, location, trustedBranches } = hostedRepository(deps, policy, spec.repository);
  const named = trustedBranches.filter((pattern) => !pattern.includes('*'));
  const own = wildcard(trustedBranches, spec.target_branch) ? [spec.target_branch] : [];
  const branches = [...new Set([...own, ...named])];
  for (const branch of branches) {
    const commit = await host.resolve(location, branch).catch(absentBranch);
    if (commit === undefined) continue;
    const there = (await specsAt(host, location, commit)).find((each) => each.blob === blob);
    if (there) return { path: there.path, branch, commit };
  }
  const looked = branches.join(', ') || 'none of its branches';
  throw new DrydockError('PolicyRefused', `${spec.repository} has no spec with this content on ${looked}.`, {
    remedy: 'Let it be reviewed and merged below .agent-tasks/ on a trusted branch; then it starts by itself.',
  });
}

function absentBranch(error: unknown): undefined {
  if (error instanceof DrydockError && error.name === 'PolicyRefused') return undefined;
  throw error;
}
