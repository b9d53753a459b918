import { defined } from '../../core/defined.ts';
import { DrydockError } from '../../core/errors.ts';
import type { EffectiveTask } from '../../core/run/effective-task.ts';
import type { AgentSpec } from '../../core/run/phase.ts';
import type { StoredOrder } from '../../core/run/phase-order.ts';
import type { PhaseRequest } from '../../core/run/phase-request.ts';

/** An agent, and the provider of its model. */
interface AgentOfPhase {
  agent: EffectiveTask['agent'];
  endpoint?: EffectiveTask['endpoint'];
}

/** The agent that works in a phase; null in Verify. */
export function agentOfPhase(task: EffectiveTask, { phase, reviewer }: PhaseRequest): AgentOfPhase | null {
  if (phase === 'verify') return null;
  if (phase !== 'review') return { agent: task.agent, ...defined({ endpoint: task.endpoint }) };
  const found = task.reviewers?.[reviewer ?? 0];
  if (found === undefined) throw new DrydockError('Internal', `The task has no reviewer ${reviewer}.`);
  return found;
}

export const agentSpecOf = ({ agent, endpoint }: AgentOfPhase): AgentSpec => ({
  profile: agent.name,
  kind: agent.kind,
  command: agent.command,
  ...defined({ known: agent.agent, provider: agent.provider, providerKind: endpoint?.kind, model: agent.model }),
  files: agent.files !== undefined,
  plans: agent.plans,
});

/** @param budgetMicros What the calls of the phase may cost. */
export const modelOfPhase = (
  { agent, endpoint }: AgentOfPhase,
  { modelsAllow }: Pick<EffectiveTask, 'modelsAllow'>,
  budgetMicros: number,
): NonNullable<StoredOrder['model']> | undefined =>
  agent.provider === undefined
    ? undefined
    : {
        provider: agent.provider,
        ...defined({ endpoint, fallbacks: agent.fallbacks, maxTurns: agent.max_turns }),
        allow: modelsAllow,
        budgetMicros,
      };
