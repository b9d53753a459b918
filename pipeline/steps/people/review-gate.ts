import { DrydockError } from '../../../core/errors.ts';
import { formatShownFirst } from '../../../core/guard/attention/shown-first.ts';
import { formatViolations } from '../../../core/guard/violation.ts';
import { formatUsd } from '../../../core/money/format.ts';
import { oneLine } from '../../../core/publish/escape.ts';
import { requiredReviewers } from '../../../core/review/quorum.ts';
import { flakyText } from '../../../core/run/test-report.ts';
import { reviewTextOf } from '../../asks/review.ts';
import { castEarlierReviews } from '../../gates/cast-review.ts';
import { gateIdOf, openGate } from '../../gates/open-gate.ts';
import { attentionOf } from '../../phases/guard-task.ts';
import { agentFailureOf, fileListOf, flakyOf } from '../../publishing/last-round.ts';
import { loadChange } from '../../runs/artifacts.ts';
import { loadRunContext, refuseStopped } from '../../runs/run-context.ts';
import { reviewStake } from '../../view/stake.ts';
import type { Step } from '../step.ts';

/**
 * n-of-m votes on exactly this head (R24, R25). Weakened tests, and changes of tests, settings, CI, installations and
 * instructions of agents are shown first, and `--yes` cannot accept them unless the spec names the file (R45).
 */
export const reviewGate: Step<'review-gate'> =
  (deps) =>
  async ({ runId, round, token }) => {
    const context = await loadRunContext(deps, runId);
    const { record, task } = context;
    refuseStopped(record);
    if (record.commit === undefined || !record.work.changeSet)
      throw new DrydockError('Internal', `Run ${runId} has published nothing.`);
    const change = await loadChange(deps.artifacts, record.work.changeSet);
    const paths = change.manifest.entries.map((entry) => entry.path);
    const { weakened, first } = await attentionOf(deps, context, change);
    const hidden = (await fileListOf(deps, context, 'hidden')).map(oneLine).slice(0, 20);
    const flipped = (await fileListOf(deps, context, 'flipped')).map(oneLine).slice(0, 20);
    const agentFailure = await agentFailureOf(deps, context);
    const flaky = await flakyOf(deps, context);
    const reviews = (await reviewTextOf(deps, record)).map(oneLine);
    await openGate(deps, context, 'ReviewGate', {
      kind: 'review',
      round,
      token,
      head: record.commit,
      title: `Review ${record.branch}`,
      outside: [{ from: 'a review by an agent', text: reviews.join('\n') }],
      text: [
        ...(agentFailure === undefined ? [] : [agentFailure]),
        ...(flaky === undefined ? [] : [flakyText(flaky)]),
        ...(weakened.length > 0 ? [formatViolations(weakened)] : []),
        ...(first.length > 0 ? [formatShownFirst(first)] : []),
        ...(hidden.length > 0 ? [`New files that .gitignore hides are not in the change: ${hidden.join(', ')}`] : []),
        ...(reviews.length > 0 ? [['What agents found in review:', ...reviews.slice(0, 30)].join('\n')] : []),
        ...(flipped.length > 0 ? [`The line ends of whole files changed: ${flipped.join(', ')}`] : []),
        `${paths.length} ${paths.length === 1 ? 'file' : 'files'}, ${formatUsd(record.spentMicros)}: ${paths.slice(0, 20).join(', ')}${paths.length > 20 ? ' …' : ''}`,
      ].join('\n\n'),
      stake: await reviewStake(deps, context, change.manifest),
      needsPerson: weakened.length > 0 || first.some(({ named }) => !named),
      eligible: task.approvers,
      required: requiredReviewers(task, paths),
    });
    const open = await deps.gates.get(gateIdOf(runId, 'review', round));
    if (open) await castEarlierReviews(deps, context, open);
    return {};
  };
