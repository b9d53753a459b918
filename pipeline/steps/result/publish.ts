import { defined } from '../../../core/defined.ts';
import { DrydockError } from '../../../core/errors.ts';
import { formatViolations, remedyForSecrets } from '../../../core/guard/violation.ts';
import { commitMessage } from '../../../core/publish/commit-message.ts';
import { oneLine } from '../../../core/publish/escape.ts';
import type { FileSize } from '../../../core/publish/facts.ts';
import { pullRequestBody } from '../../../core/publish/pull-request.ts';
import { publicationOf } from '../../asks/publication.ts';
import type { Deps } from '../../deps.ts';
import { guardTask } from '../../phases/guard-task.ts';
import { countSizes } from '../../publishing/count-sizes.ts';
import { publishFacts } from '../../publishing/facts.ts';
import { reviewersOf } from '../../publishing/reviewers.ts';
import { answerThreads } from '../../publishing/threads.ts';
import { sizesKey } from '../../publishing/verdict.ts';
import { loadChange, putText, storeChange } from '../../runs/artifacts.ts';
import { record as recordEvent } from '../../runs/record-event.ts';
import { reportRun } from '../../runs/report-run.ts';
import { loadRunContext, type RunContext, refuseStopped } from '../../runs/run-context.ts';
import type { Step } from '../step.ts';

/**
 * Runs the guard again and checks the target again, then publishes the commit and the draft pull request. If the target
 * moved, the change is merged and verified again; with conflicts it goes back to the agent with git's conflict markers.
 */
export const publish: Step<'publish'> =
  (deps) =>
  async ({ runId }) => {
    const context = await loadRunContext(deps, runId);
    const { record, task } = context;
    refuseStopped(record);
    const violations = await guardTask(deps, context);
    if (violations.length > 0)
      throw new DrydockError(
        'GuardRefused',
        `${formatViolations(violations)}\n${remedyForSecrets(violations)}`.trim(),
        {
          details: violations,
        },
      );
    const target = await context.host.resolve(context.location, task.spec.target_branch);
    if (target !== record.base) return moveTo(deps, context, target);

    const { changeSet, verified } = record.work;
    if (!changeSet || !verified) throw new DrydockError('Internal', `Run ${runId} has nothing to publish.`);
    const change = await loadChange(deps.artifacts, changeSet);
    const sizes = record.kind === undefined ? await countSizes(deps, context, change.manifest) : undefined;
    const { message, title, body, previous } = await textsOf(deps, context, sizes?.files ?? new Map());
    const reviewers = await reviewersOf(context, record.base, change.manifest);
    const { commit, pullRequest } = await context.host.publishing(async () => {
      const { commit } = await context.host.publish({
        repository: context.location,
        branch: record.branch,
        change,
        message,
        ...verified,
        ...defined({ previous: previous ?? verified.previous }),
      });
      const pullRequest = await context.host.openPullRequest({
        repository: context.location,
        branch: record.branch,
        target: task.spec.target_branch,
        base: target,
        head: commit,
        title,
        body,
        labels: ['drydock'],
        reviewers,
      });
      return { commit, pullRequest };
    });
    // Linked before the record is updated, because CI may report on the head before the run waits for it.
    await deps.runLinks.link(record.repository, `head:${commit}`, runId);
    await deps.runLinks.link(record.repository, `pull:${pullRequest.id}`, runId);
    await deps.runs.update(runId, (run) => ({
      ...run,
      state: 'Publish',
      commit,
      pullRequest,
    }));
    await recordEvent(deps, runId, {
      key: `published#${commit}`,
      type: 'published',
      on: commit,
      // Kept here, because the record is written more often.
      ...(sizes ? { data: { [sizesKey]: sizes.digest } } : {}),
      text: `${record.branch} at ${commit.slice(0, 12)}`,
    });
    await answerThreads(deps, context, commit, change.manifest);
    await reportRun(deps, runId);
    return { outcome: 'published', head: commit };
  };

/** What commit and pull request say. */
async function textsOf(
  deps: Deps,
  context: RunContext,
  sizes: ReadonlyMap<string, FileSize>,
): Promise<{ message: string; title: string; body: string; previous?: string }> {
  if (context.record.kind !== undefined) return publicationOf(deps, context.record);
  const facts = await publishFacts(deps, context, sizes);
  return {
    message: commitMessage(facts),
    title: oneLine(`${facts.taskId}: ${facts.title}`),
    body: pullRequestBody(facts),
  };
}

async function moveTo(deps: Deps, context: RunContext, target: string) {
  const { record } = context;
  if (!record.work.changeSet) throw new DrydockError('Internal', `Run ${record.runId} has nothing to publish.`);
  const change = await loadChange(deps.artifacts, record.work.changeSet);
  const merged = record.kind
    ? // The files of an answer are written as they are, wherever the target is.
      { change: { ...change, manifest: { ...change.manifest, base: target } }, conflicts: [] }
    : await context.host.rebase(context.location, change, target);
  const changeSet = await storeChange(deps.artifacts, merged.change);
  const conflict = merged.conflicts.length > 0;
  const text = `The target branch moved, and these files conflict; resolve git's conflict markers in them: ${merged.conflicts.join(', ')}`;
  const feedback = conflict ? [await putText(deps.artifacts, text)] : [];
  await deps.runs.update(record.runId, (run) => ({
    ...run,
    base: target,
    work: {
      ...run.work,
      changeSet,
      feedback: [...run.work.feedback, ...feedback],
      results: feedback[0] === undefined ? run.work.results : { ...run.work.results, failure: feedback[0] },
    },
  }));
  await recordEvent(deps, record.runId, {
    key: `moved#${target}`,
    type: 'target-moved',
    text: conflict ? `conflicts in ${merged.conflicts.join(', ')}` : 'merged without conflict; verifying again',
  });
  return { outcome: conflict ? ('conflict' as const) : ('moved' as const), head: target };
}
