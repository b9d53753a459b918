import type { GateDecision } from '../../core/run/gate.ts';
import type { Deps } from '../deps.ts';
import { applyDecision } from './apply-decision.ts';

/** Decides a gate without a vote: because of CI, the queue, expiry, a stop, or an unattended run (`--yes`). */
export async function closeGate(
  deps: Deps,
  gateId: string,
  outcome: GateDecision['outcome'],
  by: string,
  text: string,
): Promise<void> {
  await deps.gates.decide(gateId, { outcome, by: [by], text, at: new Date(deps.clock.now()).toISOString() });
  const gate = await deps.gates.get(gateId);
  if (gate) await applyDecision(deps, gate);
}
