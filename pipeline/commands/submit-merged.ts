import { DrydockError } from '../../core/errors.ts';
import type { Policy } from '../../core/policy/schema.ts';
import { wildcard } from '../../core/policy/wildcard.ts';
import { gitBlobSha } from '../../core/task-spec/fingerprint.ts';
import { readSpec } from '../../core/task-spec/parse.ts';
import type { Deps } from '../deps.ts';
import { absentBranch } from '../repository/absent-branch.ts';
import { hostedRepository } from '../repository/hosted-repository.ts';
import { specsAt } from '../repository/spec-files.ts';
import { type SubmitRequest, type Submitted, submit } from './submit.ts';

/**
 * Submits a spec to a deployment. A spec instructs an agent, so it must have been reviewed: it runs only if the same
 * bytes are at the head of a trusted branch of its repository, where a push would start it. The run then has the same
 * key as after a push, so that a spec that was already pushed is a `duplicate`.
 * @throws PolicyRefused when no trusted branch has this spec; DeliveryRefused for a repository that the policy does not
 * list on GitHub; and the errors of `submit`.
 */
export async function submitTrusted(
  deps: Deps,
  request: Omit<SubmitRequest, 'origin' | 'repository'>,
): Promise<Submitted> {
  const read = readSpec(request.file, request.bytes);
  const { spec } = read;
  // `submit` reports all faults of an invalid spec.
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
  const searched = branches.join(', ') || 'any trusted branch';
  throw new DrydockError('PolicyRefused', `${spec.repository} has no spec with this content on ${searched}.`, {
    remedy: 'Have the spec reviewed and merged below .agent-tasks/ on a trusted branch; then it starts by itself.',
  });
}
