import { createHash } from 'node:crypto';
import { DrydockError } from '../../core/errors.ts';
import { resolveTask } from '../../core/policy/resolve-task.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { PullRequestRef } from '../../core/ports/host/code-host.ts';
import { oneLine } from '../../core/publish/escape.ts';
import { gitBlobSha } from '../../core/task-spec/fingerprint.ts';
import { readSpec } from '../../core/task-spec/parse.ts';
import type { Deps } from '../deps.ts';
import { absentBranch } from '../repository/absent-branch.ts';
import { accessRepository } from '../runs/run-context.ts';

export interface ProposeRequest {
  /** Path of the spec in its repository. */
  file: string;
  bytes: Uint8Array;
  policy: Policy;
  /** Person id. */
  requester: string;
  /** Markdown for the body of the pull request. */
  body: string;
}

export interface Proposed {
  taskId: string;
  branch: string;
  commit: string;
  pullRequest: PullRequestRef;
}

/**
 * Opens a pull request that adds a spec to its target branch. It has the checks of a submission, and claims nothing: who
 * merges it starts the run. The branch is named by the content, so that doing it twice changes nothing.
 * @throws SpecInvalid, PolicyRefused and the other refusals of the policy; then nothing was written.
 */
export async function proposeSpec(deps: Deps, request: ProposeRequest): Promise<Proposed> {
  const { file, bytes, policy, requester } = request;
  const read = readSpec(file, bytes);
  const task = resolveTask(read, policy, { requester });
  const { spec } = task;
  if (!file.startsWith('.agent-tasks/'))
    throw new DrydockError('PolicyRefused', `${file} is outside of .agent-tasks/, where specs are.`, {
      remedy: 'Name a file below .agent-tasks/.',
    });
  const { host, location } = accessRepository(deps, task);
  const mark = createHash('sha256').update(file).update('\0').update(bytes).digest('hex').slice(0, 8);
  const branch = `drydock/spec-${spec.task_id}-${mark}`;
  const blobSha = gitBlobSha(bytes);
  const base = await host.resolve(location, spec.target_branch);
  return host.publishing(async () => {
    const there = await host.resolve(location, branch).catch(absentBranch);
    const commit =
      there ??
      (
        await host.publish({
          repository: location,
          branch,
          change: {
            manifest: { base, entries: [{ op: 'put', path: file, mode: '100644', blobSha, bytes: bytes.length }] },
            blobs: bytes,
          },
          message: `Spec ${spec.task_id}\n\nDrydock-Task: ${spec.task_id}\nDrydock-Requested-By: ${oneLine(requester)}\n`,
          at: deps.clock.now(),
        })
      ).commit;
    const pullRequest = await host.openPullRequest({
      ...{ repository: location, branch, target: spec.target_branch, base, head: commit, body: request.body },
      title: `Spec ${spec.task_id}${spec.title === undefined ? '' : `: ${oneLine(spec.title)}`}`.slice(0, 200),
      labels: [],
      reviewers: { logins: [], teams: [] },
    });
    await host.markReady(location, { ...pullRequest, branch, head: commit });
    return { taskId: spec.task_id, branch, commit, pullRequest: { ...pullRequest, draft: false } };
  });
}
