import { DrydockError } from '../../../core/errors.ts';
import { planMarkdown } from '../../../core/plan/markdown.ts';
import { plan as planSchema } from '../../../core/plan/schema.ts';
import { planStake } from '../../../core/plan/stake.ts';
import { openGate } from '../../gates/open-gate.ts';
import { getJson } from '../../runs/artifacts.ts';
import { loadRunContext, refuseStopped } from '../../runs/run-context.ts';
import type { Step } from '../step.ts';

/**
 * People approve, edit or constrain the plan, ask for an alternative, or reject (R20). Nothing runs during the wait.
 */
export const planGate: Step<'plan-gate'> =
  (deps) =>
  async ({ runId, round, token }) => {
    const context = await loadRunContext(deps, runId);
    const { record, task } = context;
    refuseStopped(record);
    if (record.work.plan === undefined) throw new DrydockError('Internal', `Run ${runId} has no plan.`);
    const plan = planSchema.parse(await getJson(deps.artifacts, record.work.plan));
    await openGate(deps, context, 'PlanGate', {
      kind: 'plan',
      round,
      token,
      head: record.work.plan,
      title: 'Approve the plan',
      text: planMarkdown(plan),
      stake: planStake(plan),
      // A plan that is derived from the spec has the spec's words, which were reviewed.
      outside: plan.origin === 'agent' ? [{ from: 'the plan', text: planMarkdown(plan) }] : [],
      eligible: task.approvers,
      required: 1,
      revisionsLeft: Math.max(0, task.limits.planAlternatives - (round - 1)),
    });
    return {};
  };
